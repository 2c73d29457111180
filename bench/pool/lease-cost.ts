import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConnectionPoolManager, TenancyModule, TenantService } from 'nestjs-tenancy';
import { performance } from 'node:perf_hooks';
import { DataSource } from 'typeorm';
import type { RunningServer } from '../../test/support/servers/index.js';
import { poolOptions } from '../app/pool-tenancy.js';
import { Project } from '../app/project.entity.js';
import { databaseOf, slugOf } from '../app/settings.js';
import { atMost, type Bound } from '../harness/bounds.js';
import { median } from '../harness/statistics.js';
import { table } from '../harness/table.js';
import { CAP } from './scale.js';

const BATCHES = 300;
const LEASES_PER_BATCH = 200;
/** µs. */
const LIMIT = 5;

/** What it takes to borrow an idle connection and give it back, in µs. */
export interface LeaseCost {
  /** The pool's own part, `getConnection` and `release`, of this package and of mysql2. */
  readonly pool: Compared;
  /** A query runner that is made, connected and released: what a repository does around each query. */
  readonly queryRunner: Compared;
}

interface Compared {
  readonly tenancy: number;
  readonly mysql2: number;
}

/** The door to its pool, which TypeORM's driver asks for each connection; what both pools have in common. */
interface PoolDoor {
  getConnection(got: (error: unknown, connection: { release(): void }) => void): void;
}

@Module({})
class LeaseModule {
  static on(url: string): DynamicModule {
    const servers = { main: { url, maxConnections: CAP } };
    return {
      module: LeaseModule,
      imports: [
        TenancyModule.forRoot(poolOptions({ centralUrl: url, servers })),
        TypeOrmModule.forFeature([Project]),
      ],
    };
  }
}

/** In this process, on one idle connection that is at the tenant already. No query runs: nothing is asked of the server. */
export async function measureLeaseCost({ kind, url }: RunningServer): Promise<LeaseCost> {
  const app = await NestFactory.createApplicationContext(LeaseModule.on(url), {
    logger: ['error', 'warn'],
  });
  const plain = new DataSource({
    type: kind,
    url: `${url}/${databaseOf(slugOf(0))}`,
    poolSize: CAP,
  });
  try {
    await plain.initialize();
    const tenant = await app.get(TenantService).get(slugOf(0));
    const own = app.get(ConnectionPoolManager).dataSource(tenant);
    for (const dataSource of [own, plain]) await dataSource.query('SELECT 1');
    return {
      pool: await compare(own, plain, leaseAndRelease),
      queryRunner: await compare(own, plain, connectAndRelease),
    };
  } finally {
    await plain.destroy();
    await app.close();
  }
}

export function leaseCostTable({ pool, queryRunner }: LeaseCost): string {
  return table(
    [
      { heading: 'an idle connection, µs', cell: ([what]) => what },
      { heading: 'tenancy', cell: ([, { tenancy }]) => tenancy.toFixed(2) },
      { heading: 'mysql2', cell: ([, { mysql2 }]) => mysql2.toFixed(2) },
      { heading: 'more', cell: ([, { tenancy, mysql2 }]) => (tenancy - mysql2).toFixed(2) },
    ],
    [
      ['getConnection, release', pool],
      ['createQueryRunner, connect, release', queryRunner],
    ] satisfies [string, Compared][],
  );
}

export function leaseCostDemands({ pool, queryRunner }: LeaseCost): Bound[] {
  return [
    atMost('the pool leases and takes back in', pool.tenancy, LIMIT, 'µs'),
    atMost('a query runner takes', queryRunner.tenancy - queryRunner.mysql2, LIMIT, 'µs more'),
  ];
}

/** In turns, so that both meet the same machine. The median of the batches, without the first third, which warms up. */
async function compare(
  own: DataSource,
  plain: DataSource,
  once: (dataSource: DataSource) => Promise<void>,
): Promise<Compared> {
  const taken = { tenancy: [] as number[], mysql2: [] as number[] };
  for (let batch = 0; batch < BATCHES; batch++) {
    taken.tenancy.push(await batchOf(own, once));
    taken.mysql2.push(await batchOf(plain, once));
  }
  return {
    tenancy: median(taken.tenancy.slice(BATCHES / 3)),
    mysql2: median(taken.mysql2.slice(BATCHES / 3)),
  };
}

async function batchOf(
  dataSource: DataSource,
  once: (dataSource: DataSource) => Promise<void>,
): Promise<number> {
  const start = performance.now();
  for (let lease = 0; lease < LEASES_PER_BATCH; lease++) await once(dataSource);
  return ((performance.now() - start) * 1000) / LEASES_PER_BATCH;
}

function leaseAndRelease({ driver }: DataSource): Promise<void> {
  const { pool } = driver as typeof driver & { readonly pool: PoolDoor };
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error) return reject(error);
      connection.release();
      resolve();
    });
  });
}

async function connectAndRelease(dataSource: DataSource): Promise<void> {
  const queryRunner = dataSource.createQueryRunner();
  await queryRunner.connect();
  await queryRunner.release();
}
