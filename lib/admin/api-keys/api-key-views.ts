import { ApiProperty } from '@nestjs/swagger';
import type { ApiKeyInfo } from '../../api-key/api-key-info.js';
import type { CreatedApiKey } from '../../api-key/owned-api-keys.js';

const STATUSES = [
  'active',
  'replaced',
  'expired',
  'revoked',
] as const satisfies readonly ApiKeyInfo['status'][];

const TIME = { type: String, format: 'date-time', nullable: true } as const;

/** What is told of an API key; nothing of it is secret. */
export class ApiKeyView {
  @ApiProperty({ example: '4f0c2b9a7d1e8c35' })
  readonly id!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null for a central key.' })
  readonly tenantId!: string | null;

  @ApiProperty()
  readonly name!: string;

  @ApiProperty({ example: 'tk_4f0c2b9a7d1e8c35', description: 'What the key begins with.' })
  readonly prefix!: string;

  @ApiProperty({ type: [String] })
  readonly scopes!: readonly string[];

  @ApiProperty({ type: 'integer', nullable: true, description: 'Null: there is no limit.' })
  readonly requestsPerMinute!: number | null;

  @ApiProperty({
    enum: STATUSES,
    description: '`replaced`: another took its place, and it is let in until it expires.',
  })
  readonly status!: ApiKeyInfo['status'];

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;

  @ApiProperty({ ...TIME, description: 'Null for one that does not expire.' })
  readonly expiresAt!: string | null;

  @ApiProperty(TIME)
  readonly revokedAt!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The id of the key that took its place.',
  })
  readonly replacedBy!: string | null;

  @ApiProperty({ ...TIME, description: 'To within ten seconds.' })
  readonly lastUsedAt!: string | null;
}

/** A key that was just made. */
export class NewApiKeyView extends ApiKeyView {
  @ApiProperty({ description: 'The key itself. Told this once, and kept nowhere.' })
  readonly key!: string;
}

/** A page of keys. */
export class ApiKeysView {
  @ApiProperty({
    type: [ApiKeyView],
    description: 'In the order in which they were made, with those that have ended.',
  })
  readonly items!: readonly ApiKeyView[];

  @ApiProperty({ required: false, description: 'The cursor of the next page; none on the last.' })
  readonly next?: string;
}

export function viewOfKey(info: ApiKeyInfo): ApiKeyView {
  const { createdAt, expiresAt, revokedAt, lastUsedAt, ...rest } = info;
  return {
    ...rest,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}

export function viewOfNewKey({ key, info }: CreatedApiKey): NewApiKeyView {
  return { ...viewOfKey(info), key };
}
