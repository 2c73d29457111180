import { once } from 'node:events';
import type { AppOfEveryOption } from './app-of-every-option.js';
import type { AppOnServer } from './app-on-server.js';
import { CLOSED_SOON, type Proofs } from './proof.js';

/** Does `work` while a connection of the tenant `acme` is held. */
async function whileHeld(
  app: AppOfEveryOption,
  work: (strict: Awaited<ReturnType<AppOfEveryOption['strict']>>) => Promise<void>,
): Promise<void> {
  const strict = await app.strict();
  const acme = await strict.registry.byReference('acme');
  const queryRunner = strict.pools.dataSource(acme).createQueryRunner();
  await queryRunner.connect();
  try {
    await work(strict);
  } finally {
    await queryRunner.release();
  }
}

export const POOL_PROOFS: Proofs<AppOfEveryOption> = {
  'pool.longLease': (app) =>
    whileHeld(app, async ({ pools }) => {
      const [{ held }] = await once(pools.events, 'long-lease');
      expect(held).toBeGreaterThanOrEqual(23);
      expect(held).toBeLessThan(30_000);
    }),
  'pool.drainTimeout': (app) =>
    whileHeld(app, async ({ pools, registry }) => {
      const acme = await registry.byReference('acme');
      await expect(pools.drain(acme)).rejects.toMatchObject({
        code: 'DRAIN_TIMEOUT',
        message: expect.stringContaining('after 24 ms'),
      });
    }),
};

export const POOL_PROOFS_ON_SERVER: Proofs<AppOnServer> = {
  async 'pool.processes'(app) {
    const started = app.start({
      main: CLOSED_SOON,
      central: CLOSED_SOON,
      pool: { processes: 1_000 },
    });
    await expect(started).rejects.toMatchObject({
      code: 'CONNECTION_BUDGET_EXCEEDED',
      message: expect.stringContaining('1000 process(es)'),
    });
  },
};
