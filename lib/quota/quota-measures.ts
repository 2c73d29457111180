import { Injectable } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import type { ResolvedQuota } from '../options/quota-catalogue.js';
import type { QuotaKey, QuotaMeasure } from '../options/quota-options.js';
import { toParts } from './amounts.js';
import { QuotaMeasureError } from './errors.js';

const MEGABYTE = 1_000_000;

/** How much there is of what gauges are about: asked of the database and the pool, or of the app. */
@Injectable()
export class QuotaMeasures {
  private readonly builtIn: Readonly<Partial<Record<QuotaKey, QuotaMeasure>>>;

  constructor(pools: ConnectionPoolManager) {
    this.builtIn = {
      database_size_mb: async ({ placement: { server, database } }) =>
        (await pools.administration(server).databaseSize(database)) / MEGABYTE,
      connections: (tenant) => pools.leasesOf(tenant),
    };
  }

  /** Undefined for what nothing measures. */
  of(key: QuotaKey, { measure }: ResolvedQuota): QuotaMeasure | undefined {
    return measure ?? this.builtIn[key];
  }

  /** In parts. @throws QuotaMeasureError */
  async take(key: QuotaKey, measure: QuotaMeasure, tenant: CurrentTenant): Promise<number> {
    try {
      return toParts(await measure(tenant));
    } catch (error) {
      throw new QuotaMeasureError(key, error);
    }
  }
}
