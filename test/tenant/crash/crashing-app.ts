import type { DataSource } from 'typeorm';
import type { CurrentTenant, TenancyModuleOptions } from '../../../lib/index.js';
import { CreateNotes1700000000001, Note } from '../../support/notes.js';
import { SilentLogger } from '../../support/silent-logger.js';

/** What one tenant goes through in the child. */
export interface Job {
  /** Where: the addresses of an `EngineSetup`. */
  readonly centralUrl: string;
  readonly serverUrl: string;
  readonly databasePrefix: string;
  readonly slug: string;
  readonly work: Work;
  /** Stops for good before this statement, counted from 1. */
  readonly stopBefore: number;
}

export const WORKS = ['create', 'create and fail', 'adopt', 'rotate', 'delete'] as const;
export type Work = (typeof WORKS)[number];

/** The same in the child and in the test. */
const CREDENTIALS = {
  credentials: 'per-tenant',
  credentialKeys: [Buffer.alloc(32, 'crash').toString('base64')],
} as const;

/** The options of the app, in the child and in the test. On servers each tenant has an account. */
export function crashingOptions(
  { serverUrl }: Pick<Job, 'serverUrl'>,
  seed: (tenant: CurrentTenant, dataSource: DataSource) => Promise<void>,
): TenancyModuleOptions {
  return {
    tenants: {
      entities: [Note],
      migrations: [CreateNotes1700000000001],
      ...(!serverUrl.startsWith('sqlite:') && CREDENTIALS),
      seed,
      // Else what is done for a tenant depended on how many there were before.
      template: false,
      typeorm: { logger: new SilentLogger() },
    },
  };
}

/** Repeatable, as a seed must be. */
export async function seedOnce(dataSource: DataSource): Promise<void> {
  const notes = dataSource.getRepository(Note);
  if (!(await notes.existsBy({ text: 'seeded' }))) await notes.insert({ text: 'seeded' });
}

export const hostOf = (slug: string) => `${slug}.example`;
export const adoptedOf = (prefix: string, slug: string) =>
  `${prefix}old_${slug.replaceAll('-', '_')}`;
