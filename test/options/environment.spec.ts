import type { TenancyOptions } from '../../lib/index.js';
import { ENVIRONMENT, type Environment } from '../../lib/options/environment.js';
import { resolveOptions } from '../../lib/options/resolve.js';

const keyOf = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const KEYS = [keyOf(1), keyOf(2)];

const ALL: Environment = {
  TENANCY_CENTRAL_URL: 'mariadb://env:secret@central.env:3307/env_central',
  TENANCY_SERVER_URL: 'mariadb://env:secret@server.env',
  TENANCY_MAX_CONNECTIONS: '7',
  TENANCY_DATABASE_PREFIX: 'env_',
  TENANCY_CREDENTIAL_KEYS: KEYS.join(','),
  TENANCY_PROCESSES: '4',
  TENANCY_REDIS_URL: 'redis://redis.env:6380/2',
  TENANCY_AUDIT_KEYS: KEYS.join(','),
};

it('there is a variable for each of these, and for nothing else', () => {
  expect(Object.values(ENVIRONMENT).toSorted()).toEqual(Object.keys(ALL).toSorted());
});

it('fills what the code leaves out', () => {
  const { central, tenants, pool, redis, audit } = resolveOptions({}, ALL);
  expect(central.server.address).toMatchObject({
    dialect: 'mariadb',
    host: 'central.env',
    port: 3307,
    user: 'env',
    password: 'secret',
    database: 'env_central',
  });
  expect(tenants.servers).toMatchObject([
    { name: 'main', address: { host: 'server.env', port: 3306 }, maxConnections: 7 },
  ]);
  expect(tenants.databasePrefix).toBe('env_');
  expect(tenants.credentialKeys).toEqual(KEYS);
  expect(pool.processes).toBe(4);
  expect(audit.keys).toEqual(KEYS);
  expect(redis).toEqual({ url: ALL.TENANCY_REDIS_URL, keyPrefix: 'tenancy:', timeout: 1_000 });
});

it('completes what the code says in part', () => {
  const { tenants } = resolveOptions({ tenants: { credentials: 'per-tenant' } }, ALL);
  expect(tenants).toMatchObject({ credentials: 'per-tenant', credentialKeys: KEYS });
  const { redis } = resolveOptions({ redis: { keyPrefix: 'app:' } }, ALL);
  expect(redis).toMatchObject({ url: ALL.TENANCY_REDIS_URL, keyPrefix: 'app:' });
});

it('what the code says wins, one by one', () => {
  const code: TenancyOptions = {
    central: { url: 'mysql://central.code/code' },
    tenants: {
      servers: { eu: { url: 'mysql://eu.code' } },
      databasePrefix: 'code_',
      credentialKeys: [keyOf(3)],
    },
    pool: { processes: 2 },
    redis: { url: 'redis://redis.code' },
    audit: { keys: [keyOf(3)] },
  };
  const all = resolveOptions(code, ALL);
  expect(all.central.server.address).toMatchObject({ host: 'central.code', database: 'code' });
  expect(all.tenants.servers).toMatchObject([{ name: 'eu', maxConnections: 20 }]);
  expect(all.tenants.databasePrefix).toBe('code_');
  expect(all.tenants.credentialKeys).toEqual([keyOf(3)]);
  expect(all.pool.processes).toBe(2);
  expect(all.redis?.url).toBe('redis://redis.code');
  expect(all.audit.keys).toEqual([keyOf(3)]);

  const half = resolveOptions({ central: { maxConnections: 3, name: 'main' } }, ALL);
  expect(half.central.server).toMatchObject({
    name: 'main',
    maxConnections: 3,
    address: { host: 'central.env' },
  });
});

it.each(['', undefined])('a variable that is %p counts as absent', (value) => {
  const empty = Object.fromEntries(Object.keys(ALL).map((name) => [name, value]));
  expect(resolveOptions({}, empty)).toEqual(resolveOptions({}, {}));
});

it.each([
  ['TENANCY_CENTRAL_URL', 'postgres://h/db', 'central.url'],
  ['TENANCY_SERVER_URL', 'mysql://h/db', 'tenants.servers.main.url'],
  ['TENANCY_MAX_CONNECTIONS', 'many', 'tenants.servers.main.maxConnections'],
  ['TENANCY_MAX_CONNECTIONS', '0', 'tenants.servers.main.maxConnections'],
  ['TENANCY_DATABASE_PREFIX', 'Env-', 'tenants.databasePrefix'],
  ['TENANCY_CREDENTIAL_KEYS', 'short', 'tenants.credentialKeys[0]'],
  ['TENANCY_CREDENTIAL_KEYS', `${KEYS[0]},`, 'tenants.credentialKeys[1]'],
  ['TENANCY_PROCESSES', 'some', 'pool.processes'],
  ['TENANCY_PROCESSES', '0', 'pool.processes'],
  ['TENANCY_REDIS_URL', 'localhost:6379', 'redis.url'],
  ['TENANCY_AUDIT_KEYS', 'short', 'audit.keys[0]'],
])('%s=%s is refused like the option', (name, value, path) => {
  expect(() => resolveOptions({}, { ...ALL, [name]: value })).toThrow(
    expect.objectContaining({ issues: [expect.objectContaining({ path })] }),
  );
});

it('is read from the process when the app starts', () => {
  const before = process.env['TENANCY_DATABASE_PREFIX'];
  process.env['TENANCY_DATABASE_PREFIX'] = 'process_';
  try {
    expect(resolveOptions({}).tenants.databasePrefix).toBe('process_');
  } finally {
    if (before === undefined) delete process.env['TENANCY_DATABASE_PREFIX'];
    else process.env['TENANCY_DATABASE_PREFIX'] = before;
  }
});
