import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsISO8601, IsString, IsUUID, Matches, MaxLength, Min } from 'class-validator';
import type { AuditFilter } from '../../audit/audit-query.js';
import { Optional } from '../http/admin-input.js';
import { PageCursor, PageLimit } from '../http/page-input.js';
import { OUTCOMES } from './audit-views.js';

const TIME = { required: false, format: 'date-time', maxLength: 40 } as const;

/** Which entries: all that is given must hold. */
export class AuditFilterInput {
  @ApiProperty({ required: false, description: '`invoice.paid`, or `invoice.*`.' })
  @Optional()
  @IsString()
  @MaxLength(100)
  readonly action?: string;

  @ApiProperty({ required: false, enum: OUTCOMES })
  @Optional()
  @IsIn(OUTCOMES)
  readonly outcome?: (typeof OUTCOMES)[number];

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @MaxLength(191)
  readonly actor?: string;

  @ApiProperty({ required: false, format: 'uuid', description: 'The tenant that it was done to.' })
  @Optional()
  @IsUUID()
  readonly tenantId?: string;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @MaxLength(100)
  readonly requestId?: string;

  @ApiProperty(TIME)
  @Optional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  readonly from?: string;

  @ApiProperty({ ...TIME, description: 'Before this moment.' })
  @Optional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  readonly to?: string;
}

/** Which page of which entries. */
export class AuditQueryInput extends AuditFilterInput {
  @ApiProperty({ required: false, enum: ['newest', 'oldest'], description: 'Default: newest.' })
  @Optional()
  @IsIn(['newest', 'oldest'])
  readonly order?: 'newest' | 'oldest';

  @PageLimit({ most: 1_000, usual: 50 })
  readonly limit?: number;

  @PageCursor()
  readonly cursor?: string;
}

/** What is to be exported, as what. */
export class AuditExportInput extends AuditFilterInput {
  @ApiProperty({ required: false, enum: ['csv', 'ndjson'], description: 'Default: ndjson.' })
  @Optional()
  @IsIn(['csv', 'ndjson'])
  readonly format?: 'csv' | 'ndjson';
}

/** Where the chain once stood, as the `head` of an earlier verification, kept elsewhere. */
export class AuditVerificationInput {
  @ApiProperty({ required: false, type: 'integer', minimum: 1 })
  @Optional()
  @IsInt()
  @Min(1)
  readonly seq?: number;

  @ApiProperty({ required: false, pattern: '^[0-9a-f]{64}$' })
  @Optional()
  @Matches(/^[0-9a-f]{64}$/)
  readonly hash?: string;
}

export function filterOf({ from, to, ...rest }: AuditFilterInput): AuditFilter {
  return {
    ...rest,
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
  };
}
