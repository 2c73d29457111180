import type { TenancyModuleOptions } from '../../../lib/index.js';
import { SilentLogger } from '../../support/silent-logger.js';
import {
  CreateShops1700000000001,
  OpenShops1700000000002,
  StockShops1700000000003,
} from '../shop-migrations.js';

/** What a child does to its tenants, until it stops. */
export interface MigratingJob {
  readonly centralUrl: string;
  readonly serverUrl: string;
  readonly databasePrefix: string;
  readonly direction: 'up' | 'down';
  /** Stops for good before this statement of each tenant, counted from 1; by slug. */
  readonly stopBefore: Readonly<Record<string, number>>;
}

/** The app as it was when the tenants were created, and as it is now. */
export const BEFORE = [CreateShops1700000000001];
export const NOW = [CreateShops1700000000001, OpenShops1700000000002, StockShops1700000000003];

export function migratingOptions(
  migrations: typeof NOW | typeof BEFORE,
  tenants: TenancyModuleOptions['tenants'] = {},
): TenancyModuleOptions {
  return { tenants: { ...tenants, migrations, typeorm: { logger: new SilentLogger() } } };
}
