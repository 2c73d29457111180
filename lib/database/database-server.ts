import type { EventEmitter } from 'node:events';
import type { Placement } from '../context/current-tenant.js';
import type { PoolOptions } from '../options/tenancy-options.js';
import type { ResolvedServer } from '../options/resolve.js';
import type { PlacedSource } from './bound-data-source.js';
import { type CurrentAccounts, FollowedPlacement } from './current-accounts.js';
import { createEngine } from './engines/create-engine.js';
import type {
  ConnectionLimits,
  SchemaChanges,
  ServerAdministration,
  ServerEngine,
} from './engines/engine.js';
import { TenancyError } from '../tenancy.error.js';
import type { Lease } from './pool/pooled-connection.js';
import type { PoolEvents } from './pool/pool-events.js';
import type { LeaseTarget } from './pool/lease-request.js';
import { ServerPool } from './pool/server-pool.js';

/** A server of the options, or a replica of one, the connections to it, and its own replicas. */
export class DatabaseServer {
  readonly pool: ServerPool;
  readonly replicas: readonly DatabaseServer[];
  private readonly engine: ServerEngine;
  private nextReplica = 0;

  constructor(
    readonly options: ResolvedServer,
    pool: Pick<Required<PoolOptions>, 'longLease'>,
    events: EventEmitter<PoolEvents>,
  ) {
    const { longLease } = pool;
    this.engine = createEngine(options);
    this.pool = new ServerPool(
      this.engine,
      { ...options, server: options.name, longLease },
      events,
    );
    this.replicas = options.replicas.map((replica) => new DatabaseServer(replica, pool, events));
  }

  get pools(): readonly ServerPool[] {
    return [this.pool, ...this.replicas.map((replica) => replica.pool)];
  }

  /** What the server allows, and the account of its URL, which the pool's connections are of unless tenants have theirs. */
  connectionLimits(): Promise<ConnectionLimits | undefined> {
    return this.engine.administer(() => this.pool.lease({ database: '' })).connectionLimits();
  }

  /** What is done to databases as a whole, by the account that may. */
  get administration(): ServerAdministration {
    const { provisioning } = this.options;
    return this.engine.administer(() => this.pool.lease({ database: '', account: provisioning }));
  }

  get schemaChanges(): SchemaChanges {
    return this.engine.schemaChanges;
  }

  /**
   * Where the query runners of a placement on this server get their connections.
   * @param accounts who tells when the placement's account is one of the past; an account of the options never is
   */
  sourceOf(placement: Placement, accounts?: CurrentAccounts): PlacedSource {
    const isOfTheOptions = placement.account === this.options.provisioning;
    const followed = new FollowedPlacement(placement, isOfTheOptions ? undefined : accounts);
    return {
      lease: () => followed.lease((target) => this.pool.lease(target)),
      ...(this.replicas.length > 0 && {
        leaseToRead: () => followed.lease((target) => this.leaseToRead(target)),
      }),
      readFromReplicas: this.options.readFromReplicas && this.replicas.length > 0,
    };
  }

  /** From the replicas in turn; from the server itself where none can, a database that has not come there yet included. */
  private async leaseToRead(target: LeaseTarget): Promise<Lease> {
    const there = this.replicas.filter(({ pool }) => pool.available);
    const replica = there[this.nextReplica++ % there.length];
    if (replica === undefined) return this.pool.lease(target);
    try {
      return await replica.pool.lease(target);
    } catch (error) {
      if (error instanceof TenancyError && NOT_THERE.has(error.code)) {
        return this.pool.lease(target);
      }
      throw error;
    }
  }
}

const NOT_THERE: ReadonlySet<string> = new Set([
  'TENANT_DATABASE_MISSING',
  'ACCOUNT_REFUSED',
  'SERVER_UNREACHABLE',
  'SERVER_UNAVAILABLE',
  'SERVER_FULL',
]);
