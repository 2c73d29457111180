import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsISO8601,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import type { Maintenance, NewMaintenance } from '../../maintenance/maintenance.service.js';
import { Optional } from '../http/admin-input.js';

/** A maintenance that is in force or to come. */
export class MaintenanceView {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null: that of all tenants.' })
  readonly tenantId!: string | null;

  @ApiProperty({ format: 'date-time' })
  readonly from!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly until!: string | null;

  @ApiProperty()
  readonly inForce!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Null: the default one.' })
  readonly message!: string | null;

  @ApiProperty({ type: 'integer', description: 'Seconds, where the end is not known.' })
  readonly retryAfter!: number;

  @ApiProperty({ type: [String] })
  readonly allow!: readonly string[];

  @ApiProperty({ description: 'Whether there is a secret to get past it.' })
  readonly bypass!: boolean;
}

/** A maintenance that was just made. */
export class NewMaintenanceView extends MaintenanceView {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Told this once, if it was asked for.',
  })
  readonly bypassSecret!: string | null;
}

/** By when they begin. */
export class MaintenancesView {
  @ApiProperty({ type: [MaintenanceView] })
  readonly items!: readonly MaintenanceView[];
}

/** What came of an end. */
export class EndedView {
  @ApiProperty({ description: 'Whether there was a maintenance to end.' })
  readonly ended!: boolean;
}

/** What clients are told, and who is served all the same. */
class TermsInput {
  @ApiProperty({ required: false, maxLength: 500 })
  @Optional()
  @IsString()
  @MaxLength(500)
  readonly message?: string;

  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 86_400 })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(86_400)
  readonly retryAfter?: number;

  @ApiProperty({
    required: false,
    type: [String],
    maxItems: 100,
    description: 'Addresses and networks that are served, such as 10.0.0.0/8.',
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  readonly allow?: readonly string[];

  @ApiProperty({ required: false, description: 'Make a secret to get past it. Default: false.' })
  @Optional()
  @IsBoolean()
  readonly bypass?: boolean;
}

/** A maintenance that begins at once. */
export class EnableMaintenanceInput extends TermsInput {
  @ApiProperty({ required: false, format: 'date-time', description: 'Default: until it is ended.' })
  @Optional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  readonly until?: string;
}

/** A maintenance that begins and ends by itself. */
export class ScheduleMaintenanceInput extends TermsInput {
  @ApiProperty({ format: 'date-time' })
  @IsISO8601({ strict: true })
  @MaxLength(40)
  readonly from!: string;

  @ApiProperty({ format: 'date-time' })
  @IsISO8601({ strict: true })
  @MaxLength(40)
  readonly until!: string;
}

export function viewOfMaintenance(maintenance: Maintenance): MaintenanceView {
  const { id, tenantId, from, until, inForce, message, retryAfter, allow, bypass } = maintenance;
  return {
    id,
    tenantId: tenantId ?? null,
    from: from.toISOString(),
    until: until?.toISOString() ?? null,
    inForce,
    message: message ?? null,
    retryAfter,
    allow,
    bypass,
  };
}

export function viewOfNew(maintenance: NewMaintenance): NewMaintenanceView {
  return {
    ...viewOfMaintenance(maintenance),
    bypassSecret: maintenance.bypassSecret ?? null,
  };
}
