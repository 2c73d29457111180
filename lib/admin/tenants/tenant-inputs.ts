import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsString,
  MaxLength,
} from 'class-validator';
import type { TenantSettings } from '../../context/current-tenant.js';
import { Optional } from '../http/admin-input.js';
import { PageCursor, PageLimit } from '../http/page-input.js';
import { STATUSES } from './tenant-view.js';

const SETTINGS = { type: 'object', additionalProperties: true, selfRequired: false } as const;
const SLUG = {
  maxLength: 63,
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
  example: 'acme',
} as const;

/** A new tenant. To take over a database that is there already is not for a request: see the command line. */
export class CreateTenantInput {
  @ApiProperty({ ...SLUG, description: 'A DNS label.' })
  @IsString()
  @MaxLength(63)
  readonly slug!: string;

  @ApiProperty({ required: false, maxLength: 255, description: 'For people. Default: the slug.' })
  @Optional()
  @IsString()
  @MaxLength(255)
  readonly name?: string;

  @ApiProperty({
    required: false,
    type: [String],
    maxItems: 100,
    description: 'Hosts that lead to it; the first becomes its primary domain.',
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(253, { each: true })
  readonly domains?: readonly string[];

  @ApiProperty(SETTINGS)
  @Optional()
  @IsObject()
  readonly settings?: TenantSettings;

  @ApiProperty({ required: false, description: 'A server of the options. Default: it is chosen.' })
  @Optional()
  @IsString()
  @MaxLength(64)
  readonly server?: string;

  @ApiProperty({ required: false, maxLength: 64, description: 'Default: made from the slug.' })
  @Optional()
  @IsString()
  @MaxLength(64)
  readonly database?: string;
}

/** What of a tenant is to be changed. */
export class UpdateTenantInput {
  @ApiProperty({ ...SLUG, required: false })
  @Optional()
  @IsString()
  @MaxLength(63)
  readonly slug?: string;

  @ApiProperty({ required: false, maxLength: 255 })
  @Optional()
  @IsString()
  @MaxLength(255)
  readonly name?: string;

  @ApiProperty({ ...SETTINGS, description: 'Replaces the settings as a whole.' })
  @Optional()
  @IsObject()
  readonly settings?: TenantSettings;
}

/** Which tenants. */
export class ListTenantsInput {
  @ApiProperty({ required: false, enum: STATUSES, description: 'Default: all but deleted ones.' })
  @Optional()
  @IsIn(STATUSES)
  readonly status?: (typeof STATUSES)[number];

  @PageLimit({ most: 200, usual: 50 })
  readonly limit?: number;

  @PageCursor()
  readonly cursor?: string;
}

/** How a tenant is to be deleted. */
export class DeleteTenantInput {
  @ApiProperty({ description: 'The exact name of the tenant.' })
  @IsString()
  readonly confirm!: string;

  @ApiProperty({
    required: false,
    description: 'Drop its database, too: for good. Default: false.',
  })
  @Optional()
  @IsBoolean()
  readonly dropDatabase?: boolean;
}

/** How a tenant is to be repaired. */
export class RepairTenantInput {
  @ApiProperty({
    required: false,
    description: 'Undo an unfinished creation instead of finishing it. Default: false.',
  })
  @Optional()
  @IsBoolean()
  readonly undo?: boolean;
}
