import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** What nginx logs for a client that did not wait. Nobody is there to read it. */
const CLIENT_CLOSED_REQUEST = 499;

/** How a pool was when a caller's time was up. */
interface PoolFound {
  readonly leases: number;
  readonly maxConnections: number;
  readonly waiting: number;
}

/** Every connection to the server that the tenant may have was leased for as long as the caller was willing to wait. */
export class PoolTimeoutError extends TenancyError {
  constructor(server: string, timeout: number, found: PoolFound) {
    const { leases, maxConnections, waiting } = found;
    super({
      code: 'POOL_TIMEOUT',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryAfter: 1,
      logged: true,
      message:
        `No connection to server "${server}" became free within ${timeout} ms: of ${maxConnections}, ${leases} are ` +
        `leased, and ${waiting} more callers wait. Look for query runners that are never released and for long ` +
        'transactions; else raise maxConnections, if the server has room, or acquireTimeout. With connections to ' +
        'spare it was the ceiling of its tenant, or what is reserved for others.',
    });
  }
}

/** More callers than `maxWaiting` wait for a connection already. */
export class PoolQueueFullError extends TenancyError {
  constructor(server: string, maxWaiting: number) {
    super({
      code: 'POOL_QUEUE_FULL',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryAfter: 1,
      logged: true,
      message:
        `${maxWaiting} callers wait for a connection to server "${server}" already, as many as maxWaiting allows. ` +
        'The app is asked for more than its connections can do: see stats().busiest for who asks.',
    });
  }
}

/** The client went away, or the signal of `tenancy.run` was aborted, while the work waited for a connection. */
export class LeaseAbortedError extends TenancyError {
  constructor(server: string) {
    super({
      code: 'LEASE_ABORTED',
      status: CLIENT_CLOSED_REQUEST,
      message: `The wait for a connection to server "${server}" was given up: nobody waits for the outcome any more.`,
    });
  }
}

/** The pool is closing or closed: the app shuts down. */
export class PoolClosedError extends TenancyError {
  constructor(server: string) {
    super({
      code: 'POOL_CLOSED',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryAfter: 5,
      message: `The pool of server "${server}" is closed, because the app is shutting down.`,
    });
  }
}

/** A new connection to a server could not be opened. */
export class ServerUnreachableError extends TenancyError {
  constructor(server: string, address: string, cause: unknown) {
    super({
      code: 'SERVER_UNREACHABLE',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryAfter: 5,
      message:
        `Cannot connect to server "${server}" (${address}): ${reasonOf(cause)}. ` +
        'Check that it runs, that the address is right and that the account may log in from here.',
      cause,
    });
  }
}

/** The server did not answer lately, and is not asked until it does again: its circuit is open. */
export class ServerUnavailableError extends TenancyError {
  constructor(server: string, cause: Error | undefined) {
    super({
      code: 'SERVER_UNAVAILABLE',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryAfter: 1,
      logged: true,
      message:
        `Server "${server}" does not answer, so nobody is made to wait for it. ` +
        'It is tried every second, and served from as soon as it is back.',
      cause,
    });
  }
}

/** The server, or the account's limit on it, has no place for one more connection. */
export class ServerFullError extends TenancyError {
  constructor(server: string, cause: unknown) {
    super({
      code: 'SERVER_FULL',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryAfter: 1,
      message:
        `Server "${server}" takes no more connections: ${reasonOf(cause)}. maxConnections of all processes together, ` +
        'and what else connects, are more than it allows: see docs/06-DATABASE_GUIDE.md#the-arithmetic-of-connections.',
      cause,
    });
  }
}

/** The server does not let an account in, or not to a tenant's database. */
export class AccountRefusedError extends TenancyError {
  constructor(server: string, user: string, cause: unknown) {
    super({
      code: 'ACCOUNT_REFUSED',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message:
        `Server "${server}" refuses the account "${user}": ${reasonOf(cause)}. ` +
        "Give a tenant's own account anew with TenantService.rotateCredentials(); grant the server's the rights to it.",
      cause,
    });
  }
}

/** Connections to a tenant's database stayed in use for longer than `pool.drainTimeout`. */
export class DrainTimeoutError extends TenancyError {
  constructor(server: string, database: string, limit: number) {
    super({
      code: 'DRAIN_TIMEOUT',
      status: HttpStatus.CONFLICT,
      retryAfter: 5,
      message:
        `Database "${database}" on server "${server}" is still in use after ${limit} ms. Look for a transaction that ` +
        'is still open, also around this very call; then try again.',
    });
  }
}

/** All processes together may open more connections than a server, or an account on it, allows. The app does not start. */
export class ConnectionBudgetError extends TenancyError {
  constructor(
    what: string,
    setting: string,
    limit: number,
    pools: readonly { readonly name: string; readonly connections: number }[],
    processes: number,
  ) {
    const each = pools.reduce((sum, { connections }) => sum + connections, 0);
    const parts = pools.map(({ name, connections }) => `${connections} for "${name}"`).join(' + ');
    super({
      code: 'CONNECTION_BUDGET_EXCEEDED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${what} allows ${limit} connections (${setting}), but ${processes} process(es) (pool.processes) times ` +
        `(${parts}) make ${each * processes}; each is maxConnections + 1, to ask a silent server whether it lives. ` +
        `Let each process have ${Math.floor(limit / processes)} at most: lower maxConnections, run fewer processes, ` +
        `or raise ${setting}.`,
    });
  }
}

/** A tenant's placement names a server that the options do not. */
export class ServerUnknownError extends TenancyError {
  constructor(server: string, known: readonly string[]) {
    super({
      code: 'SERVER_UNKNOWN',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `A tenant is placed on server "${server}", which tenants.servers does not name. Known: ${known.join(', ')}. ` +
        'Put the server back into the options, or move the tenant.',
    });
  }
}

/** A tenant's database is not on its server. */
export class DatabaseMissingError extends TenancyError {
  constructor(server: string, database: string) {
    super({
      code: 'TENANT_DATABASE_MISSING',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message:
        `Database "${database}" is not on server "${server}". Restore it from a backup; ` +
        'if the tenant is gone for good, delete it with TenantService.delete().',
    });
  }
}

/** The database that `central.url` names is not on its server. */
export class CentralDatabaseMissingError extends TenancyError {
  constructor(database: string) {
    super({
      code: 'CENTRAL_DATABASE_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `Database "${database}", which central.url names, is not on its server, or the account may not see it. ` +
        `Create it once: CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4`,
    });
  }
}

/** A database of the wanted name was there before. */
export class DatabaseExistsError extends TenancyError {
  constructor(server: string, database: string) {
    super({
      code: 'TENANT_DATABASE_EXISTS',
      status: HttpStatus.CONFLICT,
      message:
        `Server "${server}" already has a database "${database}"; it is left untouched. ` +
        'Choose another name with `database`, or take it over as it is with `adoptDatabase`.',
    });
  }
}

/** Somebody else, in this process or another, holds the lock. */
export class LockTimeoutError extends TenancyError {
  constructor(lock: string, timeout: number) {
    super({
      code: 'LOCK_TIMEOUT',
      status: HttpStatus.CONFLICT,
      retryAfter: 5,
      message: `The lock "${lock}" is held by somebody else for more than ${timeout} ms. Try again when they are done.`,
    });
  }
}

/** A connection was used after it had been given back. */
export class LeaseReleasedError extends TenancyError {
  constructor() {
    super({
      code: 'LEASE_RELEASED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'A database connection was used after it was released; by now it may serve another tenant. ' +
        'Look for a query that is not awaited, or for a query runner that is used after release().',
    });
  }
}

/** An entity of one tenant was about to be used in another. */
export class CrossTenantError extends TenancyError {
  constructor(operation: string, entity: string, owner: string, current: string) {
    super({
      code: 'CROSS_TENANT_ENTITY',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${operation} refused: the ${entity} was loaded from "${owner}" and the work is for "${current}". ` +
        'To copy data between tenants on purpose, build a new object from plain values.',
    });
  }
}

/** A tenant entity extends TypeORM's `BaseEntity`. */
export class ActiveRecordRefusedError extends TenancyError {
  constructor(entities: readonly string[]) {
    super({
      code: 'ACTIVE_RECORD_REFUSED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${entities.join(', ')} extend(s) BaseEntity. TypeORM binds such entities to the DataSource that was ` +
        'initialised last, which cannot be made safe. Remove "extends BaseEntity" and use @InjectRepository.',
    });
  }
}

/** `queryResultCache.clear()` would have emptied the cache of every tenant. */
export class QueryCacheClearRefusedError extends TenancyError {
  constructor() {
    super({
      code: 'QUERY_CACHE_CLEAR_REFUSED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'queryResultCache.clear() empties the whole store, which other tenants share. ' +
        'Remove this tenant’s entries by their identifiers: queryResultCache.remove([identifier]).',
    });
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause ? `${String(cause.code)} ` : '';
  return `${code}${cause.message}`.trim();
}
