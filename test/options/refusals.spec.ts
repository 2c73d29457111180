import { inspect } from 'node:util';
import {
  byCookie,
  byCustom,
  byDomain,
  byHeader,
  byQuery,
  TenancyOptionsError,
  type OptionIssue,
  type TenancyOptions,
} from '../../lib/index.js';
import { MasterKeys } from '../../lib/encryption/index.js';
import type { Environment } from '../../lib/options/environment.js';
import { resolveOptions } from '../../lib/options/resolve.js';

const SECRET = 'open-sesame';

const refusals: TenancyOptionsError[] = [];

/** What is wrong with `options`, as an app finds out that is written in JavaScript. */
function issuesOf(options: unknown, env: Environment = {}): readonly OptionIssue[] {
  try {
    resolveOptions(options as TenancyOptions, env);
    return [];
  } catch (error) {
    if (!(error instanceof TenancyOptionsError)) throw error;
    refusals.push(error);
    return error.issues;
  }
}

const issue = (path: string, problem: RegExp, remedy: RegExp): OptionIssue => ({
  path,
  problem: expect.stringMatching(problem),
  remedy: expect.stringMatching(remedy),
});

const server = (url: unknown) => ({ tenants: { servers: { main: { url } } } });
const withReplicas = (url: string, replicas: unknown) => ({
  tenants: { servers: { main: { url, replicas } } },
});
const ROOT = { user: 'root', password: SECRET };
const KEY = Buffer.alloc(32, SECRET).toString('base64');
/** What an option of a server may not be. */
const SERVER_VALUES: readonly [string, unknown, RegExp][] = [
  ['maxConnections', 0, /must not be less than 1/],
  ['maxConnectionsPerTenant', 0, /must not be less than 1/],
  ['maxWaiting', -1, /must not be less than 0/],
  ['acquireTimeout', '5s', /must be an integer/],
  ['connectTimeout', 0, /must not be less than 1/],
  ['idleTimeout', 1.5, /must be an integer/],
  ['connection', [], /must be an object/],
  ['weight', 0, /must be a positive number/],
  ['weight', '2', /must be a positive number/],
  ['weight', Infinity, /must be a number/],
  ['acceptsTenants', 'no', /must be a boolean/],
  ['replicas', { url: 'mysql://r' }, /must be an array/],
  ['readFromReplicas', 1, /must be a boolean/],
  ['provisioning', `root:${SECRET}`, /must be an object/],
];
const WHERE_TO_READ = /docs\/03-CONFIGURATION\.md/;

it.each<[string, unknown, RegExp]>([
  [
    'centrl',
    { centrl: {} },
    /"central".*Known here: central, tenants, pool, identify, http, registry, redis, quota, audit, apiKeys/,
  ],
  ['central.urll', { central: { urll: 'x' } }, /Did you mean "url"\?/],
  ['central.entity', { central: { entity: [] } }, /Did you mean "entities"\?/],
  ['tenants.server', { tenants: { server: {} } }, /Did you mean "servers"\?/],
  ['tenants.seeds', { tenants: { seeds: 1 } }, /Did you mean "seed"\?/],
  ['http.excludes', { http: { excludes: [] } }, /Did you mean "exclude"\?/],
  ['registry.TTL', { registry: { TTL: 1 } }, /Did you mean "\w+"\?.*ttl/],
  [
    'tenants.servers.main.poolSize',
    { tenants: { servers: { main: { url: 'mysql://h', poolSize: 3 } } } },
    /Known here: url, maxConnections, .*connection/,
  ],
  ['redis.uri', { redis: { url: 'redis://h', uri: 'x' } }, /Did you mean "url"\?/],
  ['pool.process', { pool: { process: 3 } }, /Did you mean "processes"\?/],
  ['pool.maxConnections', { pool: { maxConnections: 3 } }, /Known here: processes, longLease/],
  [
    'tenants.servers.main.replicas[0].weight',
    withReplicas('mysql://h', [{ url: 'mysql://r', weight: 3 }]),
    /Known here: url, maxConnections/,
  ],
  [
    'tenants.servers.main.provisioning.name',
    { tenants: { servers: { main: { url: 'mysql://h', provisioning: { ...ROOT, name: 'r' } } } } },
    /Known here: user, password/,
  ],
])('the unknown option %s is refused, with what was meant', (path, options, remedy) => {
  expect(issuesOf(options)).toEqual([issue(path, /^unknown option$/, remedy)]);
});

const gauge = (definition: object) => ({ quota: { catalogue: { users: definition } } });

describe('a value of the wrong type is refused:', () => {
  it.each<[string, unknown, RegExp]>([
    ['central', { central: `mysql://root:${SECRET}@h/db` }, /must be an object/],
    ['tenants', { tenants: [] }, /must be an object/],
    ['http', { http: true }, /must be an object/],
    ['registry', { registry: 5 }, /must be an object/],
    ['identify', { identify: byDomain() }, /must be an array/],
    ['central.name', { central: { name: 7 } }, /must be a string/],
    [
      'central.url',
      { central: { url: new URL(`mysql://root:${SECRET}@h/db`) } },
      /must be a string/,
    ],
    ['central.maxConnections', { central: { maxConnections: 1 } }, /must not be less than 2/],
    ['central.maxConnections', { central: { maxConnections: '10' } }, /must be an integer/],
    ['central.acquireTimeout', { central: { acquireTimeout: 0 } }, /must not be less than 1/],
    ['central.entities', { central: { entities: 'dist/*.js' } }, /must be an array, or an object/],
    ['central.subscribers', { central: { subscribers: 1 } }, /must be an array, or an object/],
    ['central.migrations', { central: { migrations: true } }, /must be an array, or an object/],
    ['central.migrate', { central: { migrate: 'yes' } }, /must be a boolean/],
    ['central.connection', { central: { connection: [] } }, /must be an object/],
    ['central.typeorm', { central: { typeorm: 'x' } }, /must be an object/],
    [
      'tenants.servers',
      { tenants: { servers: [`mysql://root:${SECRET}@h`] } },
      /must be an object/,
    ],
    [
      'tenants.servers.main',
      { tenants: { servers: { main: `mysql://u:${SECRET}@h` } } },
      /must be an object/,
    ],
    ['tenants.servers.main.url', server(undefined), /must be a string/],
    ...SERVER_VALUES.map(([key, value, problem]): [string, unknown, RegExp] => [
      `tenants.servers.main.${key}`,
      { tenants: { servers: { main: { url: 'mysql://h', [key]: value } } } },
      problem,
    ]),
    [
      'tenants.servers.main.replicas[0]',
      withReplicas('mysql://h', [`mysql://u:${SECRET}@r`]),
      /must be an object/,
    ],
    [
      'tenants.servers.main.replicas[1].url',
      withReplicas('mysql://h', [{ url: 'mysql://r' }, {}]),
      /must be a string/,
    ],
    [
      'tenants.servers.main.replicas[0].maxConnections',
      withReplicas('mysql://h', [{ url: 'mysql://r', maxConnections: 0 }]),
      /must not be less than 1/,
    ],
    [
      'tenants.servers.main.provisioning.password',
      { tenants: { servers: { main: { url: 'mysql://h', provisioning: { user: 'root' } } } } },
      /must be a string/,
    ],
    ['tenants.place', { tenants: { place: 'main' } }, /must be .*Function/],
    ['tenants.share', { tenants: { share: { max: 1 } } }, /must be .*Function/],
    ['tenants.credentials', { tenants: { credentials: 'own' } }, /shared, per-tenant/],
    ['tenants.credentialKeys', { tenants: { credentialKeys: KEY } }, /must be an array/],
    ['central.maxWaiting', { central: { maxWaiting: -1 } }, /must not be less than 0/],
    ['central.connectTimeout', { central: { connectTimeout: 0 } }, /must not be less than 1/],
    ['central.idleTimeout', { central: { idleTimeout: 0 } }, /must not be less than 1/],
    ['pool', { pool: 5 }, /must be an object/],
    ['pool.processes', { pool: { processes: 0 } }, /must not be less than 1/],
    ['pool.longLease', { pool: { longLease: 0 } }, /must not be less than 1/],
    ['pool.drainTimeout', { pool: { drainTimeout: -1 } }, /must not be less than 0/],
    ['tenants.databasePrefix', { tenants: { databasePrefix: 'Tenant-' } }, /must match/],
    ['tenants.databasePrefix', { tenants: { databasePrefix: 'x'.repeat(31) } }, /must match/],
    ['tenants.entities', { tenants: { entities: 'x' } }, /must be an array, or an object/],
    ['tenants.subscribers', { tenants: { subscribers: 'x' } }, /must be an array, or an object/],
    ['tenants.migrations', { tenants: { migrations: 'x' } }, /must be an array, or an object/],
    ['tenants.seed', { tenants: { seed: 'seed.js' } }, /must be .*Function/],
    ['tenants.typeorm', { tenants: { typeorm: [] } }, /must be an object/],
    [
      'http.defaultRouteMode',
      { http: { defaultRouteMode: 'public' } },
      /tenant, central, universal/,
    ],
    ['http.centralHosts', { http: { centralHosts: 'app.example' } }, /must be an array/],
    ['http.centralHosts', { http: { centralHosts: [42] } }, /each value .*must be a string/],
    ['http.exclude', { http: { exclude: [/health/] } }, /each value .*must be a string/],
    ['http.mount', { http: { mount: 0 } }, /must be a boolean/],
    ['redis', { redis: `redis://:${SECRET}@h` }, /must be an object/],
    ['redis.url', { redis: { url: new URL(`redis://:${SECRET}@h`) } }, /must be a string/],
    ['redis.keyPrefix', { redis: { url: 'redis://h', keyPrefix: '' } }, /must match/],
    ['redis.keyPrefix', { redis: { url: 'redis://h', keyPrefix: 'app*' } }, /must match/],
    ['redis.timeout', { redis: { url: 'redis://h', timeout: 0 } }, /must not be less than 1/],
    ['quota', { quota: 'pro' }, /must be an object/],
    ['quota.store', { quota: { store: 'file' } }, /must be one of/],
    ['quota.catalogue', { quota: { catalogue: 'users' } }, /must be an object/],
    ['quota.catalogue.Users', { quota: { catalogue: { Users: {} } } }, /is no key/],
    ['quota.catalogue.users', { quota: { catalogue: { users: 7 } } }, /must be an object/],
    ['quota.catalogue.users.limit', { quota: { catalogue: { users: { limit: -1 } } } }, /null or/],
    ['quota.catalogue.a.period', { quota: { catalogue: { a: { period: 'week' } } } }, /one of/],
    ['quota.catalogue.users.period', gauge({ period: 'day' }), /is given for a gauge/],
    ['quota.catalogue.users.limt', gauge({ limt: 1 }), /unknown option/],
    ['quota.catalogue.users.refuseWith', gauge({ refuseWith: 503 }), /one of/],
    ['quota.catalogue.a.measure', { quota: { catalogue: { a: { measure: () => 1 } } } }, /counter/],
    ['quota.plans', { quota: { plans: 'pro' } }, /must be an object/],
    ['quota.plans.pro', { quota: { plans: { pro: 3 } } }, /must be an object/],
    ['quota.plans.pro.user', { quota: { plans: { pro: { user: 3 } } } }, /is no quota/],
    ['quota.plans.pro.users', { quota: { plans: { pro: { users: '3' } } } }, /null or a number/],
    ['quota.planSetting', { quota: { planSetting: '' } }, /must match/],
    ['quota.limitsSetting', { quota: { limitsSetting: 7 } }, /must be a string/],
    ['quota.timeZoneSetting', { quota: { timeZoneSetting: '' } }, /must match/],
    ['quota.timeZone', { quota: { timeZone: 'Europe/Atlantis' } }, /is no time zone/],
    ['quota.logRetention', { quota: { logRetention: 0 } }, /must not be less than 1/],
    ['audit', { audit: KEY }, /must be an object/],
    ['audit.keys', { audit: { keys: KEY } }, /must be an array/],
    ['audit.keys[0]', { audit: { keys: [SECRET] } }, /is not 32 bytes/],
    ['audit.redact', { audit: { redact: [7] } }, /must be a string/],
    ['audit.actor', { audit: { actor: 'ann' } }, /must be an instance of Function/],
    ['audit.crossings', { audit: { crossings: 'no' } }, /must be a boolean/],
    ['registry.maxTenants', { registry: { maxTenants: 0 } }, /must not be less than 1/],
    ['registry.ttl', { registry: { ttl: 1.5 } }, /must be an integer/],
    ['registry.maxUnknown', { registry: { maxUnknown: Infinity } }, /must be an integer/],
    ['registry.unknownTtl', { registry: { unknownTtl: '5s' } }, /must be an integer/],
  ])('%s (%j)', (path, options, problem) => {
    expect(issuesOf(options)).toEqual([issue(path, problem, /./)]);
  });

  it.each([undefined, null, 'mysql://h/db', [], 7])('%j in place of the options', (options) => {
    expect(issuesOf(options)).toEqual([
      issue('options', /must be an object/, /defineTenancyConfig/),
    ]);
  });

  it.each([
    ['central', { central: null }],
    ['http', { http: null }],
    ['central.maxConnections', { central: { maxConnections: null } }],
    ['tenants.entities', { tenants: { entities: null } }],
    ['tenants.servers', { tenants: { servers: null } }],
    ['tenants.credentialKeys', { tenants: { credentialKeys: null } }],
    ['tenants.servers.main.replicas', withReplicas('mysql://h', null)],
    ['pool.processes', { pool: { processes: null } }],
  ])('null for %s', (path, options) => {
    expect(issuesOf(options)).toEqual([issue(path, /is null/, /Leave it out/)]);
  });

  it('with a hint where it is explained', () => {
    expect(issuesOf({ registry: { ttl: 'soon' } })).toEqual([
      issue('registry.ttl', /integer/, WHERE_TO_READ),
    ]);
  });
});

describe('a URL is refused', () => {
  it.each<[string, string, RegExp]>([
    [
      'of another database',
      `postgres://root:${SECRET}@h/db`,
      /must start with mysql:\/\/, mariadb/,
    ],
    ['without a scheme', `root:${SECRET}@h/db`, /must start with/],
    ['without a host', 'mysql:///db', /names no host|is not a URL/],
    ['with a wrong port', `mysql://root:${SECRET}@h:99999/db`, /is not a URL/],
    ['with a # in the password', `mysql://root:${SECRET}#@h/db`, /is not a URL.*percent-encoded/],
    ['with a number and a # in the password', `mysql://root:12#${SECRET}@h/db`, /percent-encoded/],
    ['with a number and a / in the password', `mysql://root:12/${SECRET}@h/db`, /percent-encoded/],
    ['with a wrong escape', `mysql://root:${SECRET}%zz@h/db`, /percent-encoded/],
    ['with a query', `mysql://root:${SECRET}@h/db?ssl=true`, /has a query/],
    ['in memory', 'sqlite::memory:', /needs a path on disk/],
    ['without a path', 'sqlite:', /needs a path on disk/],
  ])('%s', (_what, url, problem) => {
    expect(issuesOf({ central: { url }, ...server('mysql://h') })).toEqual([
      issue('central.url', problem, /database-urls/),
    ]);
    expect(issuesOf({ central: { url: 'mysql://h/db' }, ...server(url) })).toEqual([
      issue('tenants.servers.main.url', problem, /database-urls/),
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['with another scheme', `http://:${SECRET}@h`, /must start with redis:/],
    ['without a scheme', `${SECRET}@h`, /must start with redis:/],
    ['without a host', 'redis://', /names no host|is not a URL/],
    ['with a # in the password', `redis://:${SECRET}#@h`, /percent-encoded/],
    ['with a number and a / in the password', `redis://:12/${SECRET}@h`, /percent-encoded/],
    ['with a wrong escape', `redis://:${SECRET}%zz@h`, /percent-encoded/],
    ['with a query', `redis://:${SECRET}@h?tls=1`, /has a query/],
    ['with a path', `redis://:${SECRET}@h/cache`, /number of a database/],
  ])('of Redis %s', (_what, url, problem) => {
    expect(issuesOf({ redis: { url } })).toEqual([
      issue('redis.url', problem, /redis:\/\/user:password@host/),
    ]);
  });

  it('of Redis that quotas are to be counted in', () => {
    expect(issuesOf({ quota: { store: 'redis' } })).toEqual([
      issue('quota.store', /the options name none/, /redis:/),
    ]);
  });

  it('of Redis that is not there', () => {
    expect(issuesOf({ redis: { keyPrefix: 'app:' } })).toEqual([
      issue('redis.url', /is not given/, /TENANCY_REDIS_URL/),
    ]);
  });

  it('of the central database without its name', () => {
    expect(
      issuesOf({ central: { url: `mysql://u:${SECRET}@h:3306` }, ...server('mysql://h') }),
    ).toEqual([issue('central.url', /names no database/, /Append it to the URL/)]);
  });

  it('of a server with the name of a database', () => {
    expect(issuesOf(server(`mysql://u:${SECRET}@h/app`))).toEqual([
      issue('tenants.servers.main.url', /names a database/, /Remove the path/),
    ]);
  });

  it('of a central file with another ending', () => {
    expect(issuesOf({ central: { url: 'sqlite:./central.db' } })).toEqual([
      issue('central.url', /does not end in \.sqlite/, /sqlite:\.\/folder\/central\.sqlite/),
    ]);
  });
});

describe('servers are refused', () => {
  const servers = (...urls: string[]) => ({
    central: { url: 'mysql://central/db' },
    tenants: { servers: Object.fromEntries(urls.map((url, index) => [`s${index}`, { url }])) },
  });

  it('when there is none', () => {
    expect(issuesOf({ tenants: { servers: {} } })).toEqual([
      issue('tenants.servers', /names no server/, /Give at least one/),
    ]);
  });

  it('when the central database is on one and the tenants are on none', () => {
    expect(issuesOf({ central: { url: 'mysql://h/db' } })).toEqual([
      issue('tenants.servers', /names no server/, /TENANCY_SERVER_URL/),
    ]);
  });

  it.each([
    ['twice the same', `mysql://h:3306`, `mysql://h:3306`],
    ['in other letters', 'mysql://Db.Example', 'mysql://db.example'],
    ['with and without the default port', 'mysql://h', 'mysql://h:3306'],
    ['with another account', `mysql://a:${SECRET}@h`, `mysql://b:${SECRET}@h`],
    ['as MySQL and as MariaDB', 'mysql://h', 'mariadb://h'],
    ['by another path', 'sqlite:./tenants', `sqlite:${process.cwd()}/x/../tenants`],
  ])('when two have one address: %s', (_what, one, other) => {
    expect(issuesOf(servers(one, other))).toEqual([
      issue('tenants.servers.s1.url', /same address as tenants\.servers\.s0\.url/, /merge them/),
    ]);
  });

  it.each([
    ['mysql://a', 'mysql://b'],
    ['mysql://h:3306', 'mysql://h:3307'],
    ['sqlite:./a', 'sqlite:./b'],
  ])('but not when they have two: %s and %s', (one, other) => {
    expect(issuesOf(servers(one, other))).toEqual([]);
  });

  it.each([
    ['mysql://a', 'mariadb://b', 'is mariadb, but the server "s0" is mysql'],
    ['sqlite:./a', 'mysql://b', 'is mysql, but the server "s0" is sqlite'],
  ])('when they are of two kinds: %s and %s', (one, other, problem) => {
    expect(issuesOf(servers(one, other))).toEqual([
      issue('tenants.servers.s1.url', new RegExp(`^${problem}$`), /servers of one kind/),
    ]);
  });

  it('when a name is too long for the central tables', () => {
    const name = 's'.repeat(65);
    expect(issuesOf({ tenants: { servers: { [name]: { url: 'mysql://h' } } } })).toEqual([
      issue(`tenants.servers.${name}`, /longer than 64 characters/, /shorter/),
    ]);
  });
});

describe('replicas are refused', () => {
  it.each([
    ['that are their own server', 'mysql://H:3306', 'mysql://h', 'replicas[0]', 'main'],
    [
      'that lead nowhere else than another',
      'mysql://h',
      'mysql://one',
      'replicas[1]',
      'main.replicas[0]',
    ],
  ])('%s', (_what, url, replica, at, twin) => {
    const replicas = [{ url: replica }, ...(at === 'replicas[1]' ? [{ url: replica }] : [])];
    expect(issuesOf(withReplicas(url, replicas))).toEqual([
      {
        path: `tenants.servers.main.${at}.url`,
        problem: `leads to the same address as tenants.servers.${twin}.url`,
        remedy: expect.stringMatching(/merge them/),
      },
    ]);
  });

  it('that are another server, or its replica', () => {
    const servers = {
      a: { url: 'mysql://a', replicas: [{ url: 'mysql://r' }] },
      b: { url: 'mysql://b', replicas: [{ url: 'mysql://a' }, { url: 'mysql://r' }] },
    };
    expect(issuesOf({ tenants: { servers } })).toEqual([
      issue('tenants.servers.b.replicas[0].url', /as tenants\.servers\.a\.url/, /merge/),
      issue(
        'tenants.servers.b.replicas[1].url',
        /as tenants\.servers\.a\.replicas\[0\]\.url/,
        /merge/,
      ),
    ]);
  });

  it.each([
    ['mysql://h', 'mariadb://r', /is mariadb, but the server "main" is mysql/],
    ['mariadb://h', 'sqlite:./r', /is sqlite, but the server "main" is mariadb/],
  ])('of another kind than the server: %s and %s', (url, replica, problem) => {
    expect(issuesOf(withReplicas(url, [{ url: replica }]))).toEqual([
      issue('tenants.servers.main.replicas[0].url', problem, /servers of one kind/),
    ]);
  });

  it('that name a database', () => {
    expect(issuesOf(withReplicas('mysql://h', [{ url: `mysql://u:${SECRET}@r/app` }]))).toEqual([
      issue('tenants.servers.main.replicas[0].url', /names a database/, /Remove the path/),
    ]);
  });

  it('of SQLite files', () => {
    expect(issuesOf(withReplicas('sqlite:./a', [{ url: 'sqlite:./b' }]))).toEqual([
      issue('tenants.servers.main.replicas', /folder of SQLite files/, /Remove them/),
    ]);
  });
});

describe('accounts are refused', () => {
  const perTenant = (url: string, credentialKeys?: unknown) => ({
    tenants: { servers: { main: { url } }, credentials: 'per-tenant', credentialKeys },
  });

  it.each([
    ['too short', Buffer.alloc(31, SECRET).toString('base64')],
    ['too long', Buffer.alloc(33, SECRET).toString('base64')],
    ['a password', SECRET],
    ['in hex', Buffer.alloc(32, SECRET).toString('hex')],
    ['empty', ''],
  ])('with a key that is %s', (_what, key) => {
    const refused = issuesOf(perTenant('mysql://h', [KEY, key]));
    expect(refused).toEqual([
      issue('tenants.credentialKeys[1]', /^is not 32 bytes in base64$/, /openssl rand -base64 32/),
    ]);
    if (key !== '') expect(inspect(refused)).not.toContain(key);
  });

  it.each([
    ['a number', 1],
    ['nothing', null],
    ['a list', [KEY]],
    ['an object', { keys: [KEY] }],
    ['half a provider', { current: () => undefined, find: KEY }],
  ])('with a key that is %s', (_what, entry) => {
    const refused = issuesOf(perTenant('mysql://h', [KEY, entry]));
    expect(refused).toEqual([
      issue('tenants.credentialKeys[1]', /neither a key nor a key provider/, /MasterKeys/),
    ]);
    expect(inspect(refused)).not.toContain(KEY);
  });

  it('with a wrong key even where none is needed', () => {
    expect(issuesOf({ tenants: { credentialKeys: [SECRET] } })).toHaveLength(1);
  });

  it.each([[undefined], [[]]])('per tenant without a key: %j', (keys) => {
    expect(issuesOf(perTenant('mysql://h', keys))).toEqual([
      issue('tenants.credentialKeys', /holds no key/, /TENANCY_CREDENTIAL_KEYS/),
    ]);
  });

  it('per tenant on SQLite', () => {
    const noAccounts = [issue('tenants.credentials', /SQLite has no accounts/, /MySQL or MariaDB/)];
    expect(issuesOf(perTenant('sqlite:./tenants', [KEY]))).toEqual(noAccounts);
    const embedded = { tenants: { credentials: 'per-tenant', credentialKeys: [KEY] } };
    expect(issuesOf(embedded)).toEqual(noAccounts);
  });

  it('per tenant are accepted with both', () => {
    expect(issuesOf(perTenant('mysql://h', [KEY]))).toEqual([]);
    const provider = new MasterKeys([KEY]);
    expect(issuesOf(perTenant('mysql://h', [provider]))).toEqual([]);
    expect(issuesOf(perTenant('mysql://h', [KEY, provider]))).toEqual([]);
  });

  it('for provisioning SQLite files', () => {
    const main = { url: 'sqlite:./tenants', provisioning: ROOT };
    expect(issuesOf({ tenants: { servers: { main } } })).toEqual([
      issue('tenants.servers.main.provisioning', /SQLite has none/, /Remove it/),
    ]);
  });
});

describe('what this package decides is refused in `typeorm`:', () => {
  it.each([
    ['entities', /central\.entities/],
    ['subscribers', /central\.subscribers/],
    ['migrations', /central\.migrations/],
    ['synchronize', /migrations/],
    ['dropSchema', /Leave it out/],
    ['migrationsRun', /central\.migrate/],
    ['type', /central\.url/],
    ['poolSize', /maxConnections/],
    ['extra', /central\.connection/],
  ])('%s', (key, remedy) => {
    const given = { central: { typeorm: { [key]: true } } };
    expect(issuesOf(given)).toEqual([
      issue(`central.typeorm.${key}`, /is decided by this package/, remedy),
    ]);
    expect(issuesOf({ tenants: { typeorm: { [key]: true, logging: true } } })).toHaveLength(1);
  });
});

describe('identifiers are refused', () => {
  const forgeable = [
    byHeader({ name: 'x-tenant' }),
    byQuery({ name: 'tenant' }),
    byCookie({ name: 'tenant' }),
  ];

  it.each(forgeable)('that any client can forge: $name', (identifier) => {
    expect(issuesOf({ identify: [byDomain(), identifier] })).toEqual([
      issue(`identify[1] (${identifier.name})`, /forge/, /authorize.*trusted: true/),
    ]);
    expect(issuesOf({ identify: [{ ...identifier, trusted: true }] })).toEqual([]);
    expect(issuesOf({ identify: [{ ...identifier, authorize: () => true }] })).toEqual([]);
    expect(issuesOf({ identify: [{ ...identifier, trusted: false }] })).toHaveLength(1);
  });

  it('when there is none', () => {
    expect(issuesOf({ identify: [] })).toEqual([
      issue('identify', /holds no identifier/, /byDomain\(\)/),
    ]);
  });

  it.each([[byDomain], [byCustom], ['domain'], [null], [{ name: 'x' }]])(
    'that are none: %p',
    (what) => {
      expect(issuesOf({ identify: [what] })).toEqual([
        issue('identify[0]', /is not an identifier/, /Call one/),
      ]);
    },
  );
});

it('everything that is wrong is said at once', () => {
  const wrong = {
    centrl: {},
    central: { url: `postgres://root:${SECRET}@h/db`, maxConnections: 0 },
    tenants: { servers: { a: { url: 'mysql://h' }, b: { url: `mysql://u:${SECRET}@h`, max: 1 } } },
    identify: [byHeader({ name: 'x-tenant' })],
    registry: { ttl: 'x' },
  };
  expect(issuesOf(wrong).map(({ path }) => path)).toEqual([
    'centrl',
    'central.maxConnections',
    'registry.ttl',
    'central.url',
    'tenants.servers.b.max',
    'tenants.servers.b.url',
    'identify[0] (header x-tenant)',
  ]);
});

describe('in production', () => {
  const NODE_ENV = 'production';

  it('the embedded default must be chosen by name', () => {
    expect(issuesOf({}, { NODE_ENV })).toEqual([
      issue('central.url', /must be chosen by name/, /TENANCY_CENTRAL_URL.*'sqlite:\.\/\.tenancy/),
      issue(
        'tenants.servers',
        /must be chosen by name/,
        /TENANCY_SERVER_URL.*'sqlite:\.\/\.tenancy/,
      ),
    ]);
    expect(issuesOf({}, { NODE_ENV: 'development' })).toEqual([]);
  });

  it('may be chosen by name', () => {
    const named = { central: { url: 'sqlite:./central.sqlite' }, ...server('sqlite:./tenants') };
    expect(issuesOf(named, { NODE_ENV })).toEqual([]);
    expect(
      issuesOf(
        {},
        { NODE_ENV, TENANCY_CENTRAL_URL: 'mysql://h/db', TENANCY_SERVER_URL: 'mysql://h' },
      ),
    ).toEqual([]);
  });

  it('a half-named one says which half is missing', () => {
    expect(issuesOf(server('sqlite:./tenants'), { NODE_ENV })).toEqual([
      issue('central.url', /is not given/, /TENANCY_CENTRAL_URL/),
    ]);
  });
});

it('all of these refusals say where, what and what to do, and none tells a password', () => {
  expect(refusals.length).toBeGreaterThan(100);
  for (const error of refusals) {
    expect(error.code).toBe('TENANCY_OPTIONS_INVALID');
    for (const { path, problem, remedy } of error.issues) {
      expect(error.message).toContain(`  - ${path}: ${problem}. ${remedy}`);
    }
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(SECRET);
  }
});
