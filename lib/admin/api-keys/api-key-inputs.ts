import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsISO8601,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import type { CreateApiKey, RotateApiKey } from '../../api-key/api-key-input.js';
import { Optional } from '../http/admin-input.js';
import { PageCursor, PageLimit } from '../http/page-input.js';

const EXPIRY = { required: false, format: 'date-time', maxLength: 40 } as const;
const MOST_PER_MINUTE = 1_000_000;
/** Milliseconds: a year. */
const LONGEST_OVERLAP = 365 * 24 * 3_600_000;

/** A key to be made for no tenant. */
export class CreateApiKeyInput {
  @ApiProperty({ minLength: 1, maxLength: 100, description: 'For people: what it is for.' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly name!: string;

  @ApiProperty({
    required: false,
    type: [String],
    maxItems: 50,
    description: 'What it may be used for: each up to 64 letters, digits and _ . : -.',
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(/^[\w.:-]{1,64}$/, { each: true })
  readonly scopes?: readonly string[];

  @ApiProperty({ ...EXPIRY, description: 'Default: it lasts until it is revoked.' })
  @Optional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  readonly expiresAt?: string;
}

/** A key to be made for a tenant. */
export class CreateTenantApiKeyInput extends CreateApiKeyInput {
  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 1,
    maximum: MOST_PER_MINUTE,
    description: 'How often it may ask. Default: there is no limit.',
  })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(MOST_PER_MINUTE)
  readonly requestsPerMinute?: number;
}

/** How another key takes the place of one. */
export class RotateApiKeyInput {
  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 0,
    maximum: LONGEST_OVERLAP,
    description:
      'Milliseconds that the old key is let in beside the new one; 0 ends it at once. Default: a day.',
  })
  @Optional()
  @IsInt()
  @Min(0)
  @Max(LONGEST_OVERLAP)
  readonly overlap?: number;

  @ApiProperty({
    ...EXPIRY,
    description: 'Of the new key. Default: as long from now as the old one was made for.',
  })
  @Optional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  readonly expiresAt?: string;
}

/** Which page of keys. */
export class ListApiKeysInput {
  @PageLimit({ most: 1_000, usual: 50 })
  readonly limit?: number;

  @PageCursor()
  readonly cursor?: string;
}

export function wishOf({ expiresAt, ...rest }: CreateTenantApiKeyInput): CreateApiKey {
  return { ...rest, ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }) };
}

export function rotationOf({ expiresAt, ...rest }: RotateApiKeyInput): RotateApiKey {
  return { ...rest, ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }) };
}
