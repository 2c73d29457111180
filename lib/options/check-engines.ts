import { parseDatabaseUrl } from './database-url.js';
import { EMBEDDED } from './embedded.js';
import { ENVIRONMENT } from './environment.js';
import type { OptionIssue } from './errors.js';
import type { TenancyOptions } from './tenancy-options.js';

/**
 * One tenant-bound DataSource serves all tenants, so their servers must speak one dialect. To be asked once the environment
 * has filled the gaps, of URLs that are known to be right.
 */
export function checkEngines({ central, tenants }: TenancyOptions): OptionIssue[] {
  const centralEngine = dialectOf(central?.url ?? EMBEDDED.central);
  const servers = tenants?.servers;
  if (servers === undefined) {
    if (centralEngine === 'sqlite') return [];
    return [
      {
        path: 'tenants.servers',
        problem: 'names no server, while the central database is on one',
        remedy: `Give servers: { main: { url: '…' } } or set ${ENVIRONMENT.serverUrl}`,
      },
    ];
  }
  const [first, ...others] = Object.entries(servers).flatMap(([name, { url, replicas = [] }]) => [
    { name, path: `tenants.servers.${name}`, url },
    ...replicas.map((replica, index) => ({
      name,
      path: `tenants.servers.${name}.replicas[${index}]`,
      url: replica.url,
    })),
  ]);
  return others
    .filter(({ url }) => dialectOf(url) !== dialectOf(first.url))
    .map(({ path, url }) => ({
      path: `${path}.url`,
      problem: `is ${dialectOf(url)}, but the server "${first.name}" is ${dialectOf(first.url)}`,
      remedy: 'Keep the tenants of one app on servers of one kind',
    }));
}

function dialectOf(url: string): 'mysql' | 'mariadb' | 'sqlite' {
  const address = parseDatabaseUrl(url);
  return address.engine === 'sqlite' ? 'sqlite' : address.dialect;
}
