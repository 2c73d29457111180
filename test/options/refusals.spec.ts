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
const WHERE_TO_READ = /docs\/03-CONFIGURATION\.md/;

it.each<[string, unknown, RegExp]>([
  ['centrl', { centrl: {} }, /"central".*Known here: central, tenants, identify, http, registry/],
  ['central.urll', { central: { urll: 'x' } }, /Did you mean "url"\?/],
  ['central.entity', { central: { entity: [] } }, /Did you mean "entities"\?/],
  ['tenants.server', { tenants: { server: {} } }, /Did you mean "servers"\?/],
  ['tenants.seeds', { tenants: { seeds: 1 } }, /Did you mean "seed"\?/],
  ['http.excludes', { http: { excludes: [] } }, /Did you mean "exclude"\?/],
  ['registry.TTL', { registry: { TTL: 1 } }, /Did you mean "\w+"\?.*ttl/],
  [
    'tenants.servers.main.poolSize',
    { tenants: { servers: { main: { url: 'mysql://h', poolSize: 3 } } } },
    /Known here: url, maxConnections, acquireTimeout, connection/,
  ],
])('the unknown option %s is refused, with what was meant', (path, options, remedy) => {
  expect(issuesOf(options)).toEqual([issue(path, /^unknown option$/, remedy)]);
});

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
