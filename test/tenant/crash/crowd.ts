import type { DataSource } from 'typeorm';
import type { TenancyModuleOptions } from '../../../lib/index.js';
import { CreateNotes1700000000001, Note } from '../../support/notes.js';
import { SilentLogger } from '../../support/silent-logger.js';
import type { EngineSetup } from '../../support/engines.js';
import { seedOnce } from './crashing-app.js';

/** Creations at once in a child. */
export interface Crowd extends Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'> {
  readonly slugs: readonly string[];
  readonly pending: number;
  /** Databases for tenants to come are made beside them. */
  readonly topUp: boolean;
  /** Each creation stops for good before its statement with this number, counted from 1. */
  readonly stopBefore?: readonly number[];
  /** The child kills itself before this statement of all. */
  readonly dieBefore?: number;
}

/** The options of the app, in the child and in the test: new tenants are made from a template. */
export function crowdOptions(
  { serverUrl }: Pick<Crowd, 'serverUrl'>,
  pending: number,
  seed = async (_tenant: unknown, dataSource: DataSource) => seedOnce(dataSource),
): NonNullable<TenancyModuleOptions['tenants']> {
  return {
    entities: [Note],
    migrations: [CreateNotes1700000000001],
    pending,
    seed,
    typeorm: { logger: new SilentLogger() },
    ...(!serverUrl.startsWith('sqlite:') && {
      credentials: 'per-tenant' as const,
      credentialKeys: [Buffer.alloc(32, 'crowd').toString('base64')],
    }),
  };
}
