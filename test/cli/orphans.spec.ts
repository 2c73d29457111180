import { databasesOf } from '../support/databases.js';
import { dropDatabase } from '../support/drop-database.js';
import { describeServers } from '../support/describe-servers.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { BARE_APP, CliApp, environmentOf } from './support/cli-app.js';
import { CommandPackage } from './support/command-package.js';
import { queryCentral } from './support/query-central.js';
import { prepareServer } from './support/server-setup.js';

jest.setTimeout(120_000);

interface Found {
  readonly databases: readonly { name: string }[];
  readonly accounts: readonly { name: string }[];
  readonly tenants: readonly { name: string }[];
}

const command = new CommandPackage();
afterAll(() => command.dispose());

const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

describe.each(engines)('orphans on $name', ({ prepare }) => {
  let setup: EngineSetup;
  beforeEach(async () => (setup = await prepare()));
  afterEach(() => setup.cleanUp());

  /** The tenant's row is gone, as when the central database was restored from a backup. */
  const forget = (slug: string) =>
    queryCentral(setup, `DELETE FROM tenancy_tenants WHERE slug = '${slug}'`);

  it('are databases that this package made and no tenant has, and tenants without one', async () => {
    const app = new CliApp(command, 'cjs', BARE_APP, environmentOf(setup));
    const made: Record<string, string> = {};
    for (const slug of ['kept', 'deleted', 'forgotten', 'bereft']) {
      made[slug] = (await app.json<{ database: string }>('tenant', 'create', slug)).database;
    }
    await app.json('tenant', 'delete', 'deleted', '--confirm', 'deleted');
    await forget('forgotten');
    await dropDatabase(setup, made.bereft);
    // Of that name, but not made by this package.
    const stranger = `${setup.databasePrefix}stranger`;
    await databasesOf(setup).create(stranger);

    const found = await app.json<Found>('orphans');
    expect(names(found.databases)).toEqual([made.forgotten]);
    expect(names(found.tenants)).toEqual(['bereft']);
    expect(await databasesOf(setup).names()).toContain(made.forgotten);

    expect(await app.run(['orphans', stranger, '--apply'])).toMatchObject({ code: 2 });
    await app.json('orphans', '--apply');
    expect(await databasesOf(setup).names()).toEqual([made.deleted, made.kept, stranger].sort());
    expect((await app.json<Found>('orphans')).databases).toEqual([]);
  });
});

describeServers('orphans on a %s server', (kind) => {
  let setup: EngineSetup;
  beforeEach(async () => ({ setup } = await prepareServer(kind)));
  afterEach(() => setup.cleanUp());

  it('are accounts of neither a tenant nor a database that is kept', async () => {
    const app = new CliApp(command, 'esm', PER_TENANT, {
      ...environmentOf(setup),
      TENANCY_CREDENTIAL_KEYS: Buffer.alloc(32, 7).toString('base64'),
    });
    await app.json('tenant', 'create', 'kept');
    await app.json('tenant', 'create', 'forgotten');
    await app.json('tenant', 'rotate-credentials', '--tenant', 'kept');
    const central = setup.centralUrl.split('/').at(-1) ?? '';
    const databases = databasesOf(setup);
    await databases.query(central, "DELETE FROM tenancy_tenants WHERE slug = 'forgotten'");

    const found = await app.json<Found>('orphans');
    expect(found.databases).toHaveLength(1);
    expect(found.accounts).toHaveLength(1);
    await app.json('orphans', '--apply');
    const [{ user }] = await databases.query(central, 'SELECT user FROM tenancy_credentials');
    expect(await accountsOn(setup)).toEqual([user]);
  });

  it('are not the tenants of another app on the same server', async () => {
    const app = new CliApp(command, 'cjs', BARE_APP, environmentOf(setup));
    const other = `${setup.databasePrefix}other_central`;
    await databasesOf(setup).create(other);
    const otherApp = new CliApp(command, 'cjs', BARE_APP, {
      ...environmentOf(setup),
      TENANCY_CENTRAL_URL: `${setup.serverUrl}/${other}`,
    });
    await app.json('tenant', 'create', 'ours');
    await otherApp.json('tenant', 'create', 'theirs');
    expect((await app.json<Found>('orphans')).databases).toEqual([]);
  });
});

const PER_TENANT = {
  'src/tenancy.config.ts': `
    import { defineTenancyConfig } from 'nestjs-tenancy';
    export default defineTenancyConfig({ tenants: { credentials: 'per-tenant' } });
  `,
};

/** Those with rights on databases of this test. */
async function accountsOn({ admin, databasePrefix }: EngineSetup): Promise<unknown[]> {
  const rows = await admin?.(
    `SELECT User AS user FROM mysql.db WHERE User LIKE 'tenancy\\_%'
     AND REPLACE(Db, '\\\\', '') LIKE '${databasePrefix}%'`,
  );
  return (rows ?? []).map(({ user }) => user);
}
