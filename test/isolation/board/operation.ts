import type { Agent } from 'node:http';
import type { CurrentTenant } from '../../../lib/context/current-tenant.js';
import type { TestApp } from '../../support/app.js';
import type { Seeded } from '../../support/seeded.js';
import type { Ledger } from './ledger.js';

/** One operation's tenant, and what it is done with. */
export interface Visit {
  readonly app: TestApp;
  readonly agent: Agent;
  readonly random: Seeded;
  readonly tenant: CurrentTenant;
  /** Any tenant, mostly another one. */
  readonly other: CurrentTenant;
  /** Where the files are; of SQLite only. */
  readonly folder: string;
  readonly ledger: Ledger;
}

/** Does one thing for a tenant, and throws when it is answered with anything of another. */
export type Operation = (visit: Visit) => Promise<void>;
