import type { QuotaOptions } from '../../lib/index.js';
import { engines, type EngineSetup, type TestEngine } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';

/** Where quotas are counted, and the engine of the databases beside it. */
export interface QuotaPlace {
  readonly name: string;
  readonly store: NonNullable<QuotaOptions['store']>;
  readonly engine: TestEngine;
}

/** What many processes count in. */
export const SHARED_PLACES: readonly QuotaPlace[] = [
  { store: 'redis', engine: engines[0]!, name: 'Redis' },
  ...engines.map((engine) => ({ store: 'database' as const, engine, name: engine.name })),
];

export interface PreparedPlace {
  readonly setup: EngineSetup;
  /** Where it is Redis that counts. */
  readonly redis: RedisServer | undefined;
  cleanUp(): Promise<void>;
}

/** Databases of their own, and a Redis where the place needs one. */
export async function preparePlace({ store, engine }: QuotaPlace): Promise<PreparedPlace> {
  const redis = store === 'redis' ? await startRedis() : undefined;
  const setup = await engine.prepare();
  return {
    setup,
    redis,
    async cleanUp() {
      await setup.cleanUp();
      await redis?.stop();
    },
  };
}
