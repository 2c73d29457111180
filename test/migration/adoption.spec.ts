import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { SilentLogger } from '../support/silent-logger.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { StockShops1700000000003 as StockShops } from './shop-migrations.js';

describe.each(engines)('a database that is adopted on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  beforeEach(async () => {
    setup = await prepare();
    app = await startTenancyApp(setup, {
      options: {
        tenants: { migrations: [StockShops], typeorm: { logger: new SilentLogger() } },
      },
    });
  });
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  it('is gone on with when one of its migrations has failed half-way', async () => {
    const databases = databasesOf(setup);
    const database = `${setup.databasePrefix}inherited`;
    const adopting = { slug: 'heir', adoptDatabase: database };
    await databases.create(database);
    await databases.query(database, 'CREATE TABLE broken (id int PRIMARY KEY)');
    await expect(app.tenants.create(adopting)).rejects.toMatchObject({
      code: 'TENANT_MIGRATION_FAILED',
    });
    await databases.query(database, 'DROP TABLE broken');

    if (name === 'sqlite') {
      // The migration was taken back as a whole: so is the tenant.
      expect(await app.tenants.find('heir')).toBeNull();
      await app.tenants.create(adopting);
    } else {
      // What of it is in force only the tenant's record says.
      expect(await app.tenants.get('heir')).toMatchObject({ status: 'failed', step: 'created' });
      await app.tenants.repair('heir');
    }
    expect(await app.tenants.get('heir')).toMatchObject({ status: 'active', step: 'done' });
    expect(await databases.tables(database)).toEqual(expect.arrayContaining(['goods', 'shelves']));
    expect(await databases.query(database, 'SELECT id FROM shelves')).toEqual([{ id: 1 }]);
  });

  it('is given up when somebody says so, with what was done to it', async () => {
    const databases = databasesOf(setup);
    const database = `${setup.databasePrefix}inherited`;
    await databases.create(database);
    await databases.query(database, 'CREATE TABLE broken (id int PRIMARY KEY)');
    await expect(app.tenants.create({ slug: 'heir', adoptDatabase: database })).rejects.toThrow();
    if (name !== 'sqlite') await app.tenants.repair('heir', { undo: true });
    expect(await app.tenants.find('heir')).toBeNull();
    expect(await databases.tables(database)).toContain('broken');
  });
});
