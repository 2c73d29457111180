import type { MigrationInterface, QueryRunner } from 'typeorm';
import { TenantMigrator } from '../../lib/index.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { SilentLogger } from '../support/silent-logger.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { CreateShops1700000000001 as CreateShops } from './shop-migrations.js';

const DONE = ['CreateCacheAndSessions1000000000002', CreateShops.name];

type Up = (queryRunner: QueryRunner) => Promise<unknown>;

/** A migration whose way up is told. */
function migrationOf(up: Up) {
  return class More1700000000009 implements MigrationInterface {
    readonly name = 'More1700000000009';

    async up(queryRunner: QueryRunner): Promise<void> {
      await up(queryRunner);
    }

    async down(): Promise<void> {}
  };
}

describe.each(engines)('the transaction of a migration on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  beforeEach(async () => {
    setup = await prepare();
  });
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const start = async (...more: readonly ReturnType<typeof migrationOf>[]) => {
    const typeorm = { logger: new SilentLogger() };
    const migrations = [CreateShops, ...more];
    app = await startTenancyApp(setup, { options: { tenants: { migrations, typeorm } } });
    return app.context.get(TenantMigrator);
  };
  /** Migrates a tenant that has shops. */
  const migrate = async (up: Up) => {
    await start();
    await app.tenants.create({ slug: 'a' });
    await app.close();
    return (await start(migrationOf(up))).migrate();
  };
  const column = async (sql: string) =>
    (await databasesOf(setup).query(`${setup.databasePrefix}a`, sql)).map(({ value }) => value);
  const shops = async () => (await column('SELECT id AS value FROM shops ORDER BY id')).map(Number);
  const migrations = () => column('SELECT name AS value FROM migrations ORDER BY id');

  it('takes back all rows when one is refused, and leaves nothing half-way', async () => {
    const report = await migrate(async (queryRunner) => {
      await queryRunner.query('INSERT INTO shops (id) VALUES (1)');
      await queryRunner.query('INSERT INTO shops (id) VALUES (1)');
    });
    expect(report).toMatchObject({ ok: false, failed: [{ slug: 'a' }], halfWay: [] });
    expect(await shops()).toEqual([]);
    const [{ halfWay }] = (await app.context.get(TenantMigrator).status()).tenants;
    expect(halfWay).toBeNull();
    expect(await migrations()).toEqual(DONE);
  });

  it('takes back what a transaction of its own inside does, and no more', async () => {
    const report = await migrate(async (queryRunner) => {
      await queryRunner.startTransaction();
      await queryRunner.query('INSERT INTO shops (id) VALUES (1)');
      await queryRunner.rollbackTransaction();
      await queryRunner.query('INSERT INTO shops (id) VALUES (2)');
    });
    expect(report).toMatchObject({ ok: true, migrated: 1 });
    expect(await shops()).toEqual([2]);
    expect(await migrations()).toEqual([...DONE, 'More1700000000009']);
  });

  it('records a migration that does nothing', async () => {
    expect(await migrate(() => Promise.resolve())).toMatchObject({ ok: true, migrated: 1 });
    expect(await migrations()).toEqual([...DONE, 'More1700000000009']);
  });

  // SQLite's sessions always do.
  if (name === 'sqlite') return;
  it('is committed where the session does not commit by itself', async () => {
    const report = await migrate(async (queryRunner) => {
      await queryRunner.query('SET autocommit = 0');
      await queryRunner.query('CREATE TABLE tills (id int PRIMARY KEY)');
    });
    expect(report).toMatchObject({ ok: true, migrated: 1 });
    expect(await migrations()).toEqual([...DONE, 'More1700000000009']);
  });
});
