import {
  Column,
  type DataSource,
  Entity,
  PrimaryColumn,
  Table,
  type MigrationInterface,
  type QueryRunner,
  type TableColumn,
} from 'typeorm';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp, type TenancyAppParts } from '../support/tenancy-app.js';

@Entity('plans')
class Plan {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'varchar', length: 36 })
  price!: string;
}

class CreatePlans1700000000002 implements MigrationInterface {
  readonly name = 'CreatePlans1700000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'plans',
        columns: [
          { name: 'id', type: 'varchar', length: '36', isPrimary: true },
          { name: 'price', type: 'varchar', length: '36' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('plans');
  }
}

const QUOTA_TABLES = ['tenancy_quota_counters', 'tenancy_quota_reservations', 'tenancy_quota_log'];
const AUDIT_TABLES = ['tenancy_audit_chains', 'tenancy_audit_log'];
const CENTRAL_TABLES = [
  'tenancy_tenants',
  'tenancy_domains',
  'tenancy_credentials',
  'tenancy_schemas',
  'tenancy_templates',
  'tenancy_scheduled_runs',
  ...QUOTA_TABLES,
  ...AUDIT_TABLES,
  'tenancy_maintenance',
  'tenancy_api_keys',
  'tenancy_impersonations',
  'tenancy_admin_operations',
];
const OWN = [
  'CreateTenantsAndDomains1000000000001',
  'CreateCredentials1000000000003',
  'CreateSchemas1000000000004',
  'CreateTemplates1000000000005',
  'CreateScheduledRuns1000000000006',
  'CreateQuotas1000000000010',
  'CreateAudit1000000000011',
  'CreateMaintenance1000000000012',
  'CreateApiKeys1000000000013',
  'CreateImpersonations1000000000015',
  'CreateAdminOperations1000000000016',
];

/** `name type(length) null primary` */
function describeColumn(column: TableColumn): string {
  const { name, type, length, isNullable, isPrimary } = column;
  const described = [name, type === 'varchar' ? `varchar(${length || 255})` : type];
  if (isNullable) described.push('null');
  if (isPrimary) described.push('primary');
  return described.join(' ');
}

/** A table with its indices and constraints, in words. */
async function describeTable(dataSource: DataSource, name: string) {
  const queryRunner = dataSource.createQueryRunner();
  try {
    const table = await queryRunner.getTable(name);
    return (
      table && {
        // Sorted: servers give them in any order.
        columns: table.columns.map(describeColumn).toSorted(),
        // A unique constraint is an index on servers.
        indices: table.indices
          .filter(({ isUnique }) => !isUnique)
          .map(({ name: index, columnNames }) => `${index}: ${columnNames.join()}`)
          .toSorted(),
        uniques: [...table.uniques, ...table.indices.filter(({ isUnique }) => isUnique)]
          .map(({ columnNames }) => columnNames.join())
          .toSorted(),
        foreignKeys: table.foreignKeys.map(
          ({ columnNames, referencedTableName, onDelete }) =>
            `${columnNames.join()} → ${referencedTableName} on delete ${onDelete}`,
        ),
      }
    );
  } finally {
    await queryRunner.release();
  }
}

describe.each(engines)('migrations on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp | undefined;
  beforeEach(async () => {
    setup = await prepare();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await setup.cleanUp();
  });

  const start = async (options: TenancyAppParts['options'] = {}): Promise<TenancyApp> =>
    (app = await startTenancyApp(setup, { options }));
  const restart = async (options: TenancyAppParts['options'] = {}): Promise<TenancyApp> => {
    await app?.close();
    return start(options);
  };
  const recorded = async ({ central }: TenancyApp) =>
    (await central.query('SELECT name FROM migrations ORDER BY id')).map(
      (row: { name: string }) => row.name,
    );

  it('make the tables of a tenant as they are declared', async () => {
    const { tenants, pools } = await start();
    const dataSource = pools.dataSource(await tenants.create({ slug: 'acme' }));
    const longText = name === 'sqlite' ? 'text' : 'longtext';
    expect(await describeTable(dataSource, 'cache')).toEqual({
      columns: ['key varchar(255) primary', `value ${longText}`, 'expiration int'].toSorted(),
      indices: ['cache_expiration: expiration'],
      uniques: [],
      foreignKeys: [],
    });
    expect(await describeTable(dataSource, 'cache_locks')).toEqual({
      columns: ['key varchar(255) primary', 'owner varchar(255)', 'expiration int'].toSorted(),
      indices: ['cache_locks_expiration: expiration'],
      uniques: [],
      foreignKeys: [],
    });
    expect(await describeTable(dataSource, 'sessions')).toEqual({
      columns: [
        'id varchar(255) primary',
        'user_id varchar(255) null',
        'ip_address varchar(45) null',
        'user_agent text null',
        `payload ${longText}`,
        'last_activity int',
      ].toSorted(),
      indices: ['sessions_last_activity: last_activity', 'sessions_user_id: user_id'],
      uniques: [],
      foreignKeys: [],
    });
  });

  it('make the central tables as they are declared', async () => {
    const { central } = await start();
    expect(await describeTable(central, 'tenancy_tenants')).toEqual({
      columns: [
        'id varchar(36) primary',
        'slug varchar(63)',
        'name varchar(255)',
        'status varchar(16)',
        'server varchar(64)',
        'database_name varchar(64)',
        'database_origin varchar(16)',
        'step varchar(16)',
        'failure text null',
        'settings text',
        'generation int',
        'created_at datetime',
        'updated_at datetime',
        'deleted_at datetime null',
      ].toSorted(),
      indices: ['tenancy_tenants_status: status'],
      uniques: ['server,database_name', 'slug'],
      foreignKeys: [],
    });
    expect(await describeTable(central, 'tenancy_domains')).toEqual({
      columns: [
        'host varchar(253) primary',
        'tenant_id varchar(36)',
        'primary_of varchar(36) null',
        'created_at datetime',
      ].toSorted(),
      indices: ['tenancy_domains_tenant: tenant_id'],
      uniques: ['primary_of'],
      foreignKeys: ['tenant_id → tenancy_tenants on delete CASCADE'],
    });
    expect(await describeTable(central, 'tenancy_credentials')).toEqual({
      columns: [
        'tenant_id varchar(36) primary',
        'user varchar(32) null',
        'secret varchar(255) null',
        'unused_user varchar(32) null',
        'rotated_at datetime null',
      ].toSorted(),
      indices: [],
      uniques: [],
      foreignKeys: ['tenant_id → tenancy_tenants on delete CASCADE'],
    });
    const longText = name === 'sqlite' ? 'text' : 'longtext';
    expect(await describeTable(central, 'tenancy_schemas')).toEqual({
      columns: [
        'tenant_id varchar(36) primary',
        'fingerprint varchar(64)',
        'version varchar(255) null',
        `applied ${longText}`,
        `half_way ${longText} null`,
        `failure ${longText} null`,
        'milliseconds int null',
        'migrated_at datetime null',
      ].toSorted(),
      indices: ['tenancy_schemas_fingerprint: fingerprint'],
      uniques: [],
      foreignKeys: ['tenant_id → tenancy_tenants on delete CASCADE'],
    });
    expect(await describeTable(central, 'tenancy_templates')).toEqual({
      columns: [
        'server varchar(64) primary',
        'fingerprint varchar(64) primary',
        'circumstances varchar(255)',
        'state varchar(16)',
        'made_from varchar(36)',
        `dump ${longText}`,
        `refusal ${longText} null`,
        'made_at datetime',
      ].toSorted(),
      indices: [],
      uniques: [],
      foreignKeys: [],
    });
    const ofTenant = {
      uniques: [],
      foreignKeys: ['tenant_id → tenancy_tenants on delete CASCADE'],
    };
    expect(await describeTable(central, 'tenancy_quota_counters')).toEqual({
      columns: [
        'tenant_id varchar(36) primary',
        'quota_key varchar(64) primary',
        'period varchar(16) primary',
        'taken bigint',
        'reserved bigint',
        'marks int',
        'expires_at bigint null',
      ].toSorted(),
      indices: ['tenancy_quota_counters_expiry: expires_at'],
      ...ofTenant,
    });
    expect(await describeTable(central, 'tenancy_quota_reservations')).toEqual({
      columns: [
        'id varchar(36) primary',
        'tenant_id varchar(36)',
        'quota_key varchar(64)',
        'period varchar(16)',
        'amount bigint',
        'until bigint',
      ].toSorted(),
      indices: ['tenancy_quota_reservations_counter: tenant_id,quota_key,period'],
      ...ofTenant,
    });
    expect(await describeTable(central, 'tenancy_quota_log')).toEqual({
      columns: [
        'id varchar(36) primary',
        'tenant_id varchar(36)',
        'day varchar(10)',
        'quota_key varchar(64)',
        'source varchar(64)',
        'amount bigint',
        'uses int',
      ].toSorted(),
      indices: ['tenancy_quota_log_day: day', 'tenancy_quota_log_tenant: tenant_id,day'],
      ...ofTenant,
    });
    expect(await describeTable(central, 'tenancy_audit_chains')).toEqual({
      columns: [
        'chain varchar(36) primary',
        'tenant_id varchar(36) null',
        'seq bigint',
        'hash varchar(64)',
        'archived_seq bigint',
        'archived_hash varchar(64)',
        'key_id varchar(16)',
        'signature varchar(64)',
      ].toSorted(),
      indices: [],
      uniques: [],
      foreignKeys: ['tenant_id → tenancy_tenants on delete CASCADE'],
    });
    expect(await describeTable(central, 'tenancy_audit_log')).toEqual({
      columns: [
        'chain varchar(36) primary',
        'seq bigint primary',
        'id varchar(36)',
        'at bigint',
        'action varchar(100)',
        'outcome varchar(16)',
        'actor varchar(191) null',
        'tenant_id varchar(36) null',
        'request_id varchar(100) null',
        'address varchar(64) null',
        `details ${longText} null`,
        'key_id varchar(16)',
        'previous varchar(64)',
        'hash varchar(64)',
      ].toSorted(),
      indices: ['tenancy_audit_log_action: chain,action', 'tenancy_audit_log_at: chain,at'],
      uniques: ['id'],
      foreignKeys: ['chain → tenancy_audit_chains on delete CASCADE'],
    });
    expect(await describeTable(central, 'tenancy_maintenance')).toEqual({
      columns: [
        'id varchar(36) primary',
        'tenant_id varchar(36) null',
        'begins_at bigint',
        'ends_at bigint null',
        'told int',
        'message varchar(500) null',
        'retry_after int',
        'allowed text',
        'bypass_hash varchar(64) null',
        'set_at bigint',
      ].toSorted(),
      indices: ['tenancy_maintenance_tenant: tenant_id'],
      ...ofTenant,
    });
    expect(await describeTable(central, 'tenancy_api_keys')).toEqual({
      columns: [
        'id varchar(16) primary',
        'tenant_id varchar(36) null',
        'name varchar(100)',
        'prefix varchar(64)',
        'hash varchar(64)',
        'scopes text',
        'requests_per_minute int null',
        'created_at bigint',
        'expires_at bigint null',
        'revoked_at bigint null',
        'replaced_by varchar(16) null',
        'last_used_at bigint null',
      ].toSorted(),
      indices: ['tenancy_api_keys_owner: tenant_id,created_at'],
      ...ofTenant,
    });
    expect(await describeTable(central, 'tenancy_impersonations')).toEqual({
      columns: [
        'id varchar(36) primary',
        'token_hash varchar(64)',
        'tenant_id varchar(36)',
        'user_id varchar(255)',
        'actor varchar(255)',
        'reason varchar(500) null',
        'read_only int',
        'duration int',
        'expires_at bigint',
        'redeemed_at bigint null',
      ].toSorted(),
      indices: [
        'tenancy_impersonations_expiry: expires_at',
        'tenancy_impersonations_tenant: tenant_id',
      ],
      ...ofTenant,
      uniques: ['token_hash'],
    });
    expect(await describeTable(central, 'tenancy_admin_operations')).toEqual({
      columns: [
        'id varchar(64) primary',
        'action varchar(64)',
        'tenant_id varchar(36) null',
        'fingerprint varchar(64) null',
        'state varchar(16)',
        'holder varchar(36)',
        'held_until bigint',
        `answer ${longText} null`,
        'began_at bigint',
        'ended_at bigint null',
        'expires_at bigint',
      ].toSorted(),
      indices: [
        'tenancy_admin_operations_expiry: expires_at',
        'tenancy_admin_operations_tenant: tenant_id',
      ],
      uniques: [],
      foreignKeys: [],
    });
  });

  it('run the app’s central ones after this package’s, each once', async () => {
    const central = { entities: [Plan], migrations: [CreatePlans1700000000002] };
    expect(await recorded(await start({ central }))).toEqual([
      ...OWN,
      CreatePlans1700000000002.name,
    ]);
    const again = await restart({ central });
    expect(await recorded(again)).toEqual([...OWN, CreatePlans1700000000002.name]);
    await again.central.getRepository(Plan).insert({ id: '1', price: '10' });
  });

  it('are left to the app with central.migrate: false', async () => {
    const { central } = await start({ central: { migrate: false } });
    expect(await describeTable(central, 'tenancy_tenants')).toBeFalsy();
    await central.runMigrations();
    expect(await describeTable(central, 'tenancy_tenants')).toBeTruthy();
  });

  it('go back, and forth again', async () => {
    const { central, tenants, pools } = await start();
    const tenant = pools.dataSource(await tenants.create({ slug: 'acme' }));
    await tenant.undoLastMigration({ transaction: 'each' });
    for (const table of ['cache', 'cache_locks', 'sessions']) {
      expect(await describeTable(tenant, table)).toBeFalsy();
    }
    await tenant.runMigrations({ transaction: 'each' });
    expect(await describeTable(tenant, 'sessions')).toBeTruthy();

    for (let left = OWN.length; left > 0; left -= 1)
      await central.undoLastMigration({ transaction: 'each' });
    for (const table of CENTRAL_TABLES) expect(await describeTable(central, table)).toBeFalsy();
    await central.runMigrations({ transaction: 'each' });
    expect(await tenants.list()).toEqual({ tenants: [] });
  });

  it.each([
    ['before the first table', CENTRAL_TABLES],
    ['between the tables', CENTRAL_TABLES.slice(1)],
    ['between the migrations', CENTRAL_TABLES.slice(2)],
    ['before it was recorded', []],
  ])('go on where a process was killed %s', async (_when, missing) => {
    const { central } = await start();
    for (const table of [...missing].toReversed()) await central.query(`DROP TABLE ${table}`);
    await central.query('DELETE FROM migrations');
    const again = await restart();
    expect(await recorded(again)).toEqual(OWN);
    expect(await again.tenants.create({ slug: 'acme', domains: ['acme.example'] })).toMatchObject({
      status: 'active',
    });
  });

  it('that TypeORM would generate for the app leave this package’s tables alone', async () => {
    const { central } = await start({ central: { entities: [Plan] } });
    const { upQueries } = await central.driver.createSchemaBuilder().log();
    const statements = upQueries.map(({ query }) => query);
    expect(statements).toEqual([expect.stringMatching(/^CREATE TABLE .plans/)]);
  });

  it('run in the databases that the app has, whatever they are called', async () => {
    const database = 'central_'.padEnd(64, 'x');
    const { admin = () => Promise.resolve([]) } = setup;
    await admin(`CREATE DATABASE ${database}`);
    try {
      const url = setup.centralUrl.replace(/[^/]*?(\.sqlite)?$/, `${database}$1`);
      expect(await recorded(await start({ central: { url } }))).toEqual(OWN);
      await app?.close();
      app = undefined;
    } finally {
      await admin(`DROP DATABASE ${database}`);
    }
  });

  it('of a tenant are found where TypeORM looks for them', async () => {
    const { tenants } = await start();
    await tenants.create({ slug: 'acme' });
    const rows = await databasesOf(setup).query(
      `${setup.databasePrefix}acme`,
      'SELECT name FROM migrations',
    );
    expect(rows).toEqual([{ name: 'CreateCacheAndSessions1000000000002' }]);
  });
});
