import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as face from '../../lib/index.js';
import { ENVIRONMENT } from '../../lib/options/environment.js';
import { resolveOptions } from '../../lib/options/resolve.js';
import { namesIn, readGuide, rowsOf, sectionOf } from './guide-page.js';

// The tables of docs/14-MIGRATION_GUIDES.md name every key of the old configuration, and nothing that is not there today.

/** Of `tenancy.php`, with the groups that were read without being in it. */
const TENANCY_KEYS = [
  'tenant_model',
  'domain_model',
  'id_generator',
  'central_domains',
  'bootstrappers',
  ...under('database', 'central_connection template_tenant_connection prefix suffix managers'),
  'cache.tag_base',
  ...under(
    'filesystem',
    'suffix_base disks root_override suffix_storage_path asset_helper_tenancy',
  ),
  ...under('redis', 'prefix_base prefixed_connections'),
  'features',
  'routes',
  'migration_parameters',
  'seeder_parameters',
  'cached_lookup.*',
  'maintenance_mode.*',
];

/** Of `artflow-tenancy.php`, with those that were read without being in it. */
const PACKAGE_KEYS = [
  ...under('route', 'prefix api_prefix'),
  'central_domains',
  'unknown_domain_action',
  'unknown_domain_redirect',
  ...under('middleware', 'universal central_only tenant_only ui api admin'),
  ...under(
    'migrations',
    'skip_migrations auto_migrate tenant_migrations_path shared_migrations_path',
  ),
  ...under('seeders', 'auto_seed tenant_seeders_path shared_seeders_path skip_seeders'),
  ...under('database', 'prefix connection charset collation'),
  ...under('cache', 'driver prefix default_ttl isolation_mode table prefix_pattern'),
  ...under('redis', 'per_tenant_database database_offset prefix_pattern central_prefix'),
  ...under('homepage', 'enabled view_path auto_create_directory fallback_redirect'),
  ...under('maintenance', 'cache_ttl default_message refresh_interval'),
  ...under('maintenance', 'allowed_ips bypass_header bypass_cookie'),
  'statuses',
  ...under('fastpanel', 'enabled cli_path auto_create_database auto_create_user'),
  ...under('api', 'api_key no_auth allow_localhost'),
  ...under('api.rate_limit', 'enabled max_attempts decay_minutes'),
  ...under('monitoring', 'enabled performance_tracking slow_query_threshold memory_limit_warning'),
  ...under('health_check', 'enabled endpoints timeout'),
  ...under('backup', 'enabled disk retention_days compress_by_default max_backup_size'),
  ...under('backup', 'mysqldump_path mysql_path path_pattern filename_pattern'),
  ...under('backup', 'include_routines include_triggers include_events single_transaction'),
  ...under('backup.auto_backup', 'enabled schedule time compress'),
  'directories.*',
  'session.*',
  'quotas.*',
  'project.*',
  'horizon.*',
  'integrations.*',
];

function under(group: string, keys: string): string[] {
  return keys.split(' ').map((key) => `${group}.${key}`);
}

const guide = readGuide('From the old two-file configuration');
const today = rowsOf(guide).flatMap(([, answer]) => namesIn(answer));

it.each([
  ['### The keys of `config/tenancy.php`', TENANCY_KEYS],
  ['### The keys of `config/artflow-tenancy.php`', PACKAGE_KEYS],
])('%s: each is there, once', (heading, keys) => {
  const [section = ''] = sectionOf(guide, heading).split('Variables of the environment');
  const rows = rowsOf(section);
  const named = rows.flatMap(([old]) => namesIn(old));
  expect(named.toSorted()).toEqual(keys.toSorted());
  for (const [old, answer] of rows) {
    // An answer either names what there is today or says that, and why, there is nothing.
    expect([old, answer]).toEqual([old, expect.stringMatching(/^Gone[:;,] \w|`.+`/)]);
  }
});

const options = today.filter((name) =>
  /^(central|tenants|identify|http|registry|pool)\./.test(name),
);

it('names options', () => expect(options.length).toBeGreaterThan(20));

it.each([...new Set(options)])('%s is an option', (path) => {
  const wrong: object = Object(Symbol('a value that no option takes'));
  const given = path.split('.').reduceRight((value, key) => ({ [key]: value }), wrong);
  expect(problemsOf(given)).not.toContain('unknown option');
});

it('asks what the options themselves say', () => {
  expect(problemsOf({ registry: { tttl: 1 } })).toContain('unknown option');
  expect(problemsOf({ tenants: { servers: { main: { uurl: 1 } } } })).toContain('unknown option');
});

function problemsOf(given: object): string {
  try {
    resolveOptions(given, {});
    return '';
  } catch (error) {
    if (error instanceof face.TenancyOptionsError) return error.message;
    throw error;
  }
}

it('names what the package exports, its variables and its commands', () => {
  const commands = readFileSync(join(__dirname, '../../docs/09-COMMANDS_REFERENCE.md'), 'utf8');
  for (const name of today) {
    const [, exported] = /^@?(\w+)[(.]/.exec(name) ?? [];
    const [, subject] = /^npx tenancy (.+)$/.exec(name) ?? [];
    if (subject !== undefined) expect(commands).toContain(`\n### ${subject}\n`);
    else if (name.startsWith('TENANCY_')) expect(Object.values(ENVIRONMENT)).toContain(name);
    else if (exported !== undefined && /^(@|by|[A-Z])/.test(name)) {
      expect(Object.keys(face)).toContain(exported);
    }
  }
});
