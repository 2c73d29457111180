import { resolve as resolvePath } from 'node:path';
import { Account } from './account.js';
import { parseDatabaseUrl, type DatabaseAddress } from './database-url.js';
import type { ServerOptions } from './tenancy-options.js';

/** A server with every default filled in. */
export interface ResolvedServer {
  readonly name: string;
  readonly address: DatabaseAddress;
  readonly maxConnections: number;
  readonly maxConnectionsPerTenant: number;
  readonly maxWaiting: number;
  readonly acquireTimeout: number;
  readonly connectTimeout: number;
  readonly idleTimeout: number;
  readonly connection: Readonly<Record<string, unknown>>;
  readonly replicas: readonly ResolvedServer[];
  readonly readFromReplicas: boolean;
  readonly weight: number;
  readonly acceptsTenants: boolean;
  /** Undefined: the account of the address. */
  readonly provisioning: Account | undefined;
}

/** `server` with every default filled in. */
export function resolveServer(name: string, server: ServerOptions): ResolvedServer {
  const { provisioning, maxConnections = 20 } = server;
  return {
    name,
    address: resolveAddress(server.url),
    maxConnections,
    maxConnectionsPerTenant: server.maxConnectionsPerTenant ?? maxConnections,
    maxWaiting: server.maxWaiting ?? 10_000,
    acquireTimeout: server.acquireTimeout ?? 5_000,
    connectTimeout: server.connectTimeout ?? 3_000,
    idleTimeout: server.idleTimeout ?? 60_000,
    connection: server.connection ?? {},
    // What a replica does not say of itself is as with its server.
    replicas: (server.replicas ?? []).map((replica, index) =>
      resolveServer(`${name}/replica-${index + 1}`, {
        ...server,
        ...withoutUndefined(replica),
        replicas: [],
      }),
    ),
    readFromReplicas: server.readFromReplicas ?? false,
    weight: server.weight ?? 1,
    acceptsTenants: server.acceptsTenants ?? true,
    provisioning: provisioning && new Account(provisioning.user, provisioning.password),
  };
}

function withoutUndefined<T extends object>(options: T): T {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T;
}

function resolveAddress(url: string): DatabaseAddress {
  const address = parseDatabaseUrl(url);
  return address.engine === 'sqlite' ? { ...address, path: resolvePath(address.path) } : address;
}
