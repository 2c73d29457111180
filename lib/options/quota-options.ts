import {
  IsBoolean,
  IsIn,
  IsInstance,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import type { CurrentTenant } from '../context/current-tenant.js';
import { IsLimit } from './is-limit.js';

/**
 * The keys of quotas. An app adds its own where TypeScript sees them:
 *
 * ```ts
 * declare module 'nestjs-tenancy' {
 *   interface QuotaKeys { exports_per_hour: true }
 * }
 * ```
 */
export interface QuotaKeys {
  storage_mb: true;
  users: true;
  monthly_bandwidth_gb: true;
  api_calls_per_day: true;
  monthly_emails: true;
  cron_jobs: true;
  webhooks: true;
  database_size_mb: true;
  file_storage_mb: true;
  connections: true;
}

export type QuotaKey = keyof QuotaKeys;

/** After what a quota begins anew, by the clock of the tenant's time zone. `none`: never. */
export type QuotaPeriod = 'none' | 'minute' | 'hour' | 'day' | 'month';

/** How much: a number of the quota's units, 0 for nothing at all, `null` for no limit. */
export type QuotaLimit = number | null;

/** How much there is of what a quota is about, in its unit. Runs in the tenant's context. */
export type QuotaMeasure = (tenant: CurrentTenant) => number | Promise<number>;

/** One quota. What is left out of one of the built-in ones stays as it is there. */
export class QuotaDefinition {
  /** `counter`: what is used is used. `gauge`: what there is, and can become less. Default `counter`. */
  @IsOptional()
  @IsIn(['counter', 'gauge'])
  readonly kind?: 'counter' | 'gauge';

  /** {@link QuotaPeriod}. Default `none`. A gauge has none. */
  @IsOptional()
  @IsIn(['none', 'minute', 'hour', 'day', 'month'])
  readonly period?: QuotaPeriod;

  /** {@link QuotaLimit} of tenants whose plan and settings name none. Default null. */
  @IsOptional()
  @IsLimit()
  readonly limit?: QuotaLimit;

  /** Percent of the limit from which on the event `quota.warning` is told. Default 80. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  readonly warningThreshold?: number;

  /** Refuse what goes beyond the limit. Default true; false only counts, and tells the events. */
  @IsOptional()
  @IsBoolean()
  readonly enforce?: boolean;

  /** The HTTP status of a refusal: 429, or 402 for what another plan has more of. Default 429. */
  @IsOptional()
  @IsIn([429, 402])
  readonly refuseWith?: 429 | 402;

  /** {@link QuotaMeasure} of a gauge, for `QuotaService.measure()`. */
  @IsOptional()
  @IsInstance(Function)
  readonly measure?: QuotaMeasure;
}

/** What tenants may use of what, and where it is counted. */
export class QuotaOptions {
  /**
   * Where it is counted: `redis`, `database` (the central one), or `memory` for an app that is one process. What never
   * begins anew (period `none`) is counted in the database also with `redis`, because it must outlive everything.
   * Default: `redis` where the option `redis` names one, else `database`.
   */
  @IsOptional()
  @IsIn(['redis', 'database', 'memory'])
  readonly store?: 'redis' | 'database' | 'memory';

  /** {@link QuotaDefinition} by key: the app's own, and changes of the built-in ones. Default none. */
  @IsOptional()
  @IsObject()
  readonly catalogue?: Readonly<Record<string, QuotaDefinition>>;

  /** The plans by name, each with its limits by key. What a plan leaves out is as in the catalogue. Default none. */
  @IsOptional()
  @IsObject()
  readonly plans?: Readonly<Record<string, Readonly<Record<string, QuotaLimit>>>>;

  /** The key of a tenant's settings that holds the name of its plan. Default `plan`. */
  @IsOptional()
  @IsString()
  @Matches(/./)
  readonly planSetting?: string;

  /** The key of a tenant's settings that holds limits of its own, by key: they win over its plan's. Default `quotas`. */
  @IsOptional()
  @IsString()
  @Matches(/./)
  readonly limitsSetting?: string;

  /** The key of a tenant's settings that holds its time zone, such as `Europe/Berlin`. Default `timeZone`. */
  @IsOptional()
  @IsString()
  @Matches(/./)
  readonly timeZoneSetting?: string;

  /** The time zone of tenants whose settings name none. Default `UTC`. */
  @IsOptional()
  @IsString()
  readonly timeZone?: string;

  /** Days that the usage log is kept. Default 400, so that a month can be compared with that of the year before. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly logRetention?: number;
}
