import type { Driver } from 'typeorm';
import type { Lease } from '../../pooled-connection.js';
import type { LeaseConnection, TypeOrmBinding } from '../engine.js';

type GotConnection = (error: unknown, connection?: Lease) => void;

/** All that TypeORM's driver asks of a mysql2 pool: the door to ours. */
class PoolDoor {
  constructor(
    private readonly lease: LeaseConnection,
    private readonly events: PoolListeners,
  ) {}

  getConnection(got: GotConnection): void {
    let lease: Lease | Promise<Lease>;
    try {
      lease = this.lease();
    } catch (error) {
      got(error);
      return;
    }
    if (lease instanceof Promise) lease.then((connection) => got(null, connection), got);
    else got(null, lease);
  }

  on(event: string, listener: (...values: unknown[]) => void): this {
    this.events.on(event, listener);
    return this;
  }

  /** The pool belongs to the ConnectionPoolManager, which closes it. */
  end(done: () => void): void {
    done();
  }
}

interface PoolListeners {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
}

interface DriverWithPool extends Driver {
  pool?: PoolDoor;
}

/**
 * TypeORM's MySQL driver takes any object with `createPool` for its `driver` option, and of the pool it calls
 * `getConnection`, `on` and `end`.
 * @param atStart leases a connection in no database, for the driver to read the server's version
 * @param events where the pools tell `connection`, `acquire`, `enqueue`, `release`
 */
export function mysqlBinding(
  type: 'mysql' | 'mariadb',
  atStart: LeaseConnection,
  events: PoolListeners,
): TypeOrmBinding {
  return {
    options: {
      type,
      driver: { createPool: () => new PoolDoor(atStart, events) },
      // Never connected to: TypeORM would else ask the first connection for its database, which is in none.
      database: 'tenant',
    },
    bind(driver: DriverWithPool, lease: LeaseConnection, database?: string): void {
      driver.pool = new PoolDoor(lease, events);
      if (database === undefined) return;
      // TypeORM asks the one or the other; for the names of its own tables (views, the query result cache) the options.
      const options = Object.assign(Object.create(driver.options) as object, { database });
      Object.assign(driver, { database, options });
    },
  };
}
