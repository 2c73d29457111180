import { checkSection, isPlainObject } from './check-section.js';
import { readUrl } from './check-urls.js';
import { addressKey, type DatabaseAddress } from './database-url.js';
import type { OptionIssue } from './errors.js';
import { ProvisioningAccount, ReplicaOptions, ServerOptions } from './server-options.js';

/** As many characters as the central table keeps. */
const MAX_SERVER_NAME = 64;

/** Addresses and where in the options they were read. */
type Seen = Map<string, string>;

/** A server's options before they are known to be right. */
type GivenServer = Readonly<Record<string, unknown>>;

export function checkServers(servers: unknown): OptionIssue[] {
  if (!isPlainObject(servers)) return [];
  const entries = Object.entries(servers);
  if (entries.length === 0) {
    return [
      {
        path: 'tenants.servers',
        problem: 'names no server',
        remedy: "Give at least one: servers: { main: { url: 'mysql://user:password@host:3306' } }",
      },
    ];
  }
  const seen: Seen = new Map();
  return entries.flatMap(([name, server]) => {
    const path = `tenants.servers.${name}`;
    if (!isPlainObject(server)) {
      return [{ path, problem: 'must be an object', remedy: `Write ${name}: { url: '…' }` }];
    }
    return [
      ...checkSection(ServerOptions, server, path),
      ...checkName(name, path),
      ...checkAddress(server.url, path, seen),
      ...checkReplicas(server, path, seen),
      ...checkSection(ProvisioningAccount, server.provisioning, `${path}.provisioning`),
      ...checkNoAccount(server, path),
    ];
  });
}

function checkName(name: string, path: string): OptionIssue[] {
  if (name.length <= MAX_SERVER_NAME) return [];
  const problem = `has a name longer than ${MAX_SERVER_NAME} characters`;
  return [{ path, problem, remedy: 'Choose a shorter one: tenants are recorded with it' }];
}

function checkAddress(url: unknown, path: string, seen: Seen): OptionIssue[] {
  if (typeof url !== 'string') return [];
  const address = readUrl(url, `${path}.url`);
  if (Array.isArray(address)) return address;
  return [...checkNoDatabase(address, path), ...checkUnseen(address, path, seen)];
}

function checkNoDatabase(address: DatabaseAddress, path: string): OptionIssue[] {
  if (address.engine === 'sqlite' || address.database === '') return [];
  return [
    {
      path: `${path}.url`,
      problem: 'names a database, while each tenant has its own',
      remedy: 'Remove the path: mysql://user:password@host:3306',
    },
  ];
}

function checkUnseen(address: DatabaseAddress, path: string, seen: Seen): OptionIssue[] {
  const key = addressKey(address);
  const twin = seen.get(key);
  seen.set(key, path);
  if (twin === undefined) return [];
  return [
    {
      path: `${path}.url`,
      problem: `leads to the same address as ${twin}.url`,
      remedy: 'Two pools for one server would break the bound of each: merge them into one',
    },
  ];
}

function checkNoAccount({ url, provisioning }: GivenServer, path: string): OptionIssue[] {
  if (!isPlainObject(provisioning) || !String(url).startsWith('sqlite:')) return [];
  return [
    {
      path: `${path}.provisioning`,
      problem: 'is an account, but SQLite has none',
      remedy: 'Remove it',
    },
  ];
}

function checkReplicas({ url, replicas }: GivenServer, path: string, seen: Seen): OptionIssue[] {
  if (!Array.isArray(replicas)) return [];
  if (String(url).startsWith('sqlite:')) {
    return [
      {
        path: `${path}.replicas`,
        problem: 'are given for a folder of SQLite files, which has none',
        remedy: 'Remove them',
      },
    ];
  }
  return replicas.flatMap((replica: unknown, index) => {
    const at = `${path}.replicas[${index}]`;
    if (!isPlainObject(replica)) {
      return [{ path: at, problem: 'must be an object', remedy: "Write { url: '…' }" }];
    }
    return [...checkSection(ReplicaOptions, replica, at), ...checkAddress(replica.url, at, seen)];
  });
}
