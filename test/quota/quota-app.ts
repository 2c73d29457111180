import type { QuotaOptions, TenancyModuleOptions } from '../../lib/index.js';
import { QuotaService } from '../../lib/index.js';
import { QuotaHousekeeping } from '../../lib/quota/quota-housekeeping.js';
import type { EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp, type TenancyAppParts } from '../support/tenancy-app.js';

export interface QuotaApp extends TenancyApp {
  readonly quotas: QuotaService;
  readonly housekeeping: QuotaHousekeeping;
}

/** An app without HTTP whose quotas differ in `quota`; `redis` is a URL. */
export async function startQuotaApp(
  setup: EngineSetup,
  quota: QuotaOptions,
  redis?: string,
  parts: TenancyAppParts = {},
): Promise<QuotaApp> {
  const options: TenancyModuleOptions = {
    quota,
    ...parts.options,
    ...(redis !== undefined && { redis: { url: redis } }),
  };
  const app = await startTenancyApp(setup, { ...parts, options });
  return {
    ...app,
    quotas: app.context.get(QuotaService),
    housekeeping: app.context.get(QuotaHousekeeping, { strict: false }),
  };
}
