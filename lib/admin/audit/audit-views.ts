import { ApiProperty } from '@nestjs/swagger';
import type { AuditEntry, AuditOutcome } from '../../audit/audit-entry.js';

export const OUTCOMES = [
  'success',
  'refused',
  'failed',
  'begun',
] as const satisfies readonly AuditOutcome[];

/** An entry of the audit log. */
export class AuditEntryView {
  @ApiProperty({ description: 'The tenant whose chain it is in, by its id; or the central one.' })
  readonly chain!: string;

  @ApiProperty({ type: 'integer' })
  readonly seq!: number;

  @ApiProperty({ format: 'uuid' })
  readonly id!: string;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ example: 'invoice.paid' })
  readonly action!: string;

  @ApiProperty({ enum: OUTCOMES })
  readonly outcome!: AuditOutcome;

  @ApiProperty({ type: String, nullable: true })
  readonly actor!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly tenantId!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly requestId!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly address!: string | null;

  @ApiProperty({ type: Object, nullable: true, description: 'Any JSON, redacted.' })
  readonly details!: unknown;

  @ApiProperty({ description: 'A fingerprint of the key that signed it.' })
  readonly keyId!: string;

  @ApiProperty({ description: 'The hash of the entry before.' })
  readonly previous!: string;

  @ApiProperty()
  readonly hash!: string;
}

/** A page of entries. */
export class AuditEntriesView {
  @ApiProperty({ type: [AuditEntryView] })
  readonly items!: readonly AuditEntryView[];

  @ApiProperty({ required: false, description: 'The cursor of the next page; none on the last.' })
  readonly next?: string;
}

export function viewOfEntry(entry: AuditEntry): AuditEntryView {
  return { ...entry, at: entry.at.toISOString() };
}
