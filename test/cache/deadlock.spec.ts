import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { engines, type EngineSetup } from '../support/engines.js';
import { until } from '../support/until.js';
import { startCacheApp, type CacheApp } from './cache-app.js';

/** SQLite has one writer at a time. */
const servers = engines.filter(({ name }) => name !== 'sqlite');

describe.each(servers)('a cache in the table of a tenant on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: CacheApp;
  beforeAll(async () => {
    setup = await prepare();
    app = await startCacheApp(setup, { cache: { store: 'database' } });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  it('has entries deleted although the server ends the statement to get out of a deadlock', async () => {
    const { cache, inA } = app;
    const keys = Array.from({ length: 20 }, (_, index) => `key-${String(index).padStart(2, '0')}`);
    await inA(() => cache.mset(keys.map((key) => ({ key, value: 'kept' }))));
    await inA(async () => {
      const other = app.context.get(DataSource).createQueryRunner();
      const rows: { readonly key: string }[] = await other.query(
        'SELECT `key` FROM `cache` ORDER BY `key`',
      );
      const [first, last] = [rows.at(0)!.key, rows.at(-1)!.key];
      const lock = 'SELECT `key` FROM `cache` WHERE `key` = ? FOR UPDATE';
      await other.startTransaction();
      // Of two that wait for each other, the one that has changed less is ended: that is not this one.
      for (let index = 0; index < 100; index += 1) {
        await other.query(
          "INSERT INTO `cache` (`key`, `value`, `expiration`) VALUES (?, '{}', 0)",
          [`${last}-${index}`],
        );
      }
      await other.query(lock, [last]);
      const deleted = cache.mdel(keys);
      await until('the deletion waits', async () => (await waiting(other)) > 0);
      await other.query(lock, [first]);
      await other.commitTransaction();
      await other.release();
      expect(await deleted).toBe(true);
      expect(await cache.mget(keys)).toEqual(keys.map(() => undefined));
    });
  });
});

/** InnoDB makes this table anew only for who has not read it for 100 ms. */
async function waiting(queryRunner: { query(sql: string): Promise<unknown> }): Promise<number> {
  await pause(150);
  const rows = await queryRunner.query(
    "SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
  );
  return (rows as readonly unknown[]).length;
}
