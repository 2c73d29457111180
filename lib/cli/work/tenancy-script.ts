import type { INestApplicationContext } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { CurrentTenant } from '../../context/current-tenant.js';

/** What a script of `npx tenancy run` is given. */
export interface TenancyScriptContext {
  /** Whose context it runs in. */
  readonly tenant: CurrentTenant;
  /** Pinned to the tenant. */
  readonly dataSource: DataSource;
  /** For the app's providers, `app.get(Projects)`, where `tenancy.config` exports `app`. */
  readonly app: INestApplicationContext;
}

/** The default export of a script of `npx tenancy run`: called once for each tenant. */
export type TenancyScript = (context: TenancyScriptContext) => unknown;
