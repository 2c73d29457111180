import type { Driver } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import type { Lease } from '../../pool/pooled-connection.js';
import type { LeaseConnection, LeaseSource, TypeOrmBinding } from '../engine.js';
import { LeasedMysqlQueryRunner } from './leased-mysql-query-runner.js';

type GotConnection = (error: unknown, connection?: Lease) => void;

/** All that TypeORM's driver asks of a mysql2 pool: the door to ours. */
class PoolDoor {
  constructor(
    private readonly lease: LeaseConnection,
    private readonly events: PoolListeners,
  ) {}

  getConnection(got: GotConnection): void {
    hand(this.lease, got);
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

/** All that it asks of a mysql2 cluster, which it takes in place of a pool where there are replicas. */
class ClusterDoor {
  constructor(private readonly source: Required<LeaseSource>) {}

  getConnection(node: 'MASTER' | 'SLAVE*', got: GotConnection): void {
    hand(node === 'MASTER' ? this.source.lease : this.source.leaseToRead, got);
  }
}

function hand(leaseConnection: LeaseConnection, got: GotConnection): void {
  let lease: Lease | Promise<Lease>;
  try {
    lease = leaseConnection();
  } catch (error) {
    got(error);
    return;
  }
  if (lease instanceof Promise) lease.then((connection) => got(null, connection), got);
  else got(null, lease);
}

interface PoolListeners {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
}

interface DriverWithPool extends Driver {
  pool?: PoolDoor;
  poolCluster?: ClusterDoor;
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
    bind(driver: DriverWithPool, { lease, leaseToRead }: LeaseSource, database?: string): void {
      driver.pool = new PoolDoor(lease, events);
      if (leaseToRead !== undefined) {
        driver.poolCluster = new ClusterDoor({ lease, leaseToRead });
        driver.isReplicated = true;
      }
      driver.createQueryRunner = (mode) => {
        const leaseConnection = mode === 'slave' ? (leaseToRead ?? lease) : lease;
        return new LeasedMysqlQueryRunner(driver as Driver as MysqlDriver, mode, leaseConnection);
      };
      if (database === undefined) return;
      // TypeORM asks the one or the other; for the names of its own tables (views, the query result cache) the options.
      const options = Object.assign(Object.create(driver.options) as object, { database });
      Object.assign(driver, { database, options });
    },
  };
}
