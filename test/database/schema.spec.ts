import { TypeOrmModule } from '@nestjs/typeorm';
import {
  BaseEntity,
  Entity,
  PrimaryColumn,
  Table,
  type DataSource,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import { ConnectionPoolManager } from '../../lib/index.js';
import { resolveOptions } from '../../lib/options/resolve.js';
import { createTenants, startApp, type TestApp } from '../support/app.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { PROJECT_ENTITIES, Team } from '../support/projects.js';
import { codeOf } from '../support/rejection.js';
import { optionsOn } from '../support/tenancy-app.js';

class CreateLater1700000000001 implements MigrationInterface {
  readonly name = 'CreateLater1700000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({ name: 'later', columns: [{ name: 'id', type: 'int', isPrimary: true }] }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('later');
  }
}

@Entity('active')
class ActiveNote extends BaseEntity {
  @PrimaryColumn('int')
  id!: number;
}

@Entity('inherited')
class Inherited extends ActiveNote {}

describe.each(engines)('on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TestApp;
  beforeEach(async () => {
    setup = await prepare();
  });
  afterEach(() => setup.cleanUp());

  const tables = (name: string) => databasesOf(setup).tables(setup.databasePrefix + name);
  const pinned = async (slug: string): Promise<DataSource> =>
    app.pools.dataSource(await app.tenants.get(slug));

  describe('of one tenant', () => {
    beforeEach(async () => {
      app = await startApp(setup, {
        imports: [TypeOrmModule.forFeature(PROJECT_ENTITIES)],
        maxConnections: 2,
        tenants: { migrations: [CreateLater1700000000001], seed: undefined },
      });
      await createTenants(app, ['a', 'b']);
    });
    afterEach(() => app.close());

    it('migrations are undone, shown and run on a pinned DataSource', async () => {
      const a = await pinned('a');
      expect(await a.showMigrations()).toBe(false);
      await a.undoLastMigration();
      expect(await a.showMigrations()).toBe(true);
      expect(
        [await tables('a'), await tables('b')].map((found) => found.includes('later')),
      ).toEqual([false, true]);
      expect(await a.runMigrations()).toMatchObject([{ name: 'CreateLater1700000000001' }]);
      expect(await tables('a')).toContain('later');
    });

    it('what differs from the entities is looked for in the database of the context', async () => {
      const missing = async () => {
        const { upQueries } = await app.dataSource.driver.createSchemaBuilder().log();
        return upQueries.filter(({ query }) => /create table/i.test(query)).length;
      };
      const before = await app.tenancy.run('a', missing);
      expect(before).toBeGreaterThan(0);
      await app.tenancy.run('a', () => app.dataSource.synchronize());
      expect(await app.tenancy.run('a', missing)).toBe(0);
      expect(await app.tenancy.run('b', missing)).toBe(before);
      expect(await codeOf(missing)).toBe('TENANT_CONTEXT_MISSING');
    });

    it('they are undone, shown and run in the context of the tenant', async () => {
      await app.tenancy.run('a', async () => {
        await app.dataSource.undoLastMigration();
        expect(await app.dataSource.showMigrations()).toBe(true);
        expect(await tables('a')).not.toContain('later');
        await app.dataSource.runMigrations();
        expect(await app.dataSource.showMigrations()).toBe(false);
      });
      expect(await tables('a')).toEqual(await tables('b'));
    });

    it('synchronize makes its tables, and no others', async () => {
      const a = await pinned('a');
      const before = await tables('b');
      await a.synchronize();
      expect(await tables('a')).toEqual(expect.arrayContaining(['people', 'teams', 'tasks']));
      expect(await tables('b')).toEqual(before);
      await a.manager.insert(Team, { id: 1, marker: 'a' });
      await a.synchronize();
      expect(await a.manager.count(Team)).toBe(1);
      const log = await a.driver.createSchemaBuilder().log();
      expect(log.upQueries).toEqual([]);
    });

    it('dropDatabase empties its database alone', async () => {
      const before = await tables('b');
      await (await pinned('a')).dropDatabase();
      expect(await tables('a')).toEqual([]);
      expect(await tables('b')).toEqual(before);
    });

    it('destroying its DataSource does nothing, because the connections are of all', async () => {
      const a = await pinned('a');
      await a.destroy();
      expect(await a.query('SELECT 1 AS one')).toHaveLength(1);
    });
  });

  it.each([
    ['extends BaseEntity', ActiveNote],
    ['extends an entity that extends BaseEntity', Inherited],
  ])('an entity that %s is refused when the DataSource starts', async (_how, entity) => {
    // Not a whole app: the other half of one goes on starting while it is torn down.
    const pools = new ConnectionPoolManager(resolveOptions(optionsOn(setup), {}));
    const dataSource = pools.createTenantDataSource({ entities: [entity] });
    expect(await codeOf(() => dataSource.initialize())).toBe('ACTIVE_RECORD_REFUSED');
    await pools.onApplicationShutdown();
  });
});
