import { ApiProperty } from '@nestjs/swagger';
import type { QuotaLimit, QuotaPeriod } from '../../options/quota-options.js';

/** How a tenant stands with one quota, in the quota's unit. */
export class QuotaView {
  @ApiProperty({ example: 'api_calls_per_day' })
  readonly key!: string;

  @ApiProperty({ enum: ['counter', 'gauge'] })
  readonly kind!: 'counter' | 'gauge';

  @ApiProperty({ type: Number, nullable: true, description: 'Null: no limit.' })
  readonly limit!: QuotaLimit;

  @ApiProperty({ description: 'Whether the limit is the tenant’s own, and not its plan’s.' })
  readonly overridden!: boolean;

  @ApiProperty({ type: Number, nullable: true, description: 'Null: it was never measured.' })
  readonly used!: number | null;

  @ApiProperty({ description: 'What reservations hold beside it.' })
  readonly reserved!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Null without a limit.' })
  readonly remaining!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Of the limit.' })
  readonly percentage!: number | null;

  @ApiProperty({ enum: ['ok', 'warning', 'exceeded'] })
  readonly status!: 'ok' | 'warning' | 'exceeded';

  @ApiProperty({ enum: ['none', 'minute', 'hour', 'day', 'month'] })
  readonly period!: QuotaPeriod;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly resetsAt!: string | null;
}

/** All quotas of a tenant. */
export class QuotasView {
  @ApiProperty({ type: [QuotaView] })
  readonly items!: readonly QuotaView[];
}
