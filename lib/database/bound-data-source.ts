import {
  BaseEntity,
  DataSource,
  EntityManager,
  type DataSourceOptions,
  type Driver,
  type QueryRunner,
} from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import { QueryResultCacheFactory } from 'typeorm/cache/QueryResultCacheFactory.js';
import { RelationIdLoader } from 'typeorm/query-builder/RelationIdLoader.js';
import { RelationLoader } from 'typeorm/query-builder/RelationLoader.js';
import type { Placement } from '../context/current-tenant.js';
import { currentContext, rememberWrite } from '../context/tenant-context.js';
import type { LeaseSource, TypeOrmBinding } from './engines/engine.js';
import { placementOf } from './entity-owner.js';
import { ActiveRecordRefusedError } from './errors.js';
import { OwnedRelationLoader } from './owned-relation-loader.js';
import { OwnerCheckedEntityManager } from './owner-checked-entity-manager.js';
import { OwnerSubscriber } from './owner-subscriber.js';
import { PlacedQueryResultCache } from './placed-query-result-cache.js';

type ReplicationMode = Parameters<DataSource['createQueryRunner']>[0];

/** Where the connections of one placement come from. */
export interface PlacedSource extends LeaseSource {
  /** Whether reads go to replicas without being asked to, until something is written. */
  readonly readFromReplicas: boolean;
}

/** Where a bound DataSource gets its connections. */
export interface Binding {
  readonly typeorm: TypeOrmBinding;
  /** The placement of the running code. @throws TenantContextMissingError */
  readonly here: (operation: string) => Placement;
  /** The same, undefined where the running code has none. */
  readonly hereIfAny: () => Placement | undefined;
  readonly sourceOf: (placement: Placement) => PlacedSource;
  /** False for the central DataSource, where ActiveRecord entities do no harm. */
  readonly refuseActiveRecord: boolean;
}

/**
 * One DataSource for all tenants. Its metadata is built once; the tenant is read when a query runner is *made*, and the
 * query runner leases its connection from that tenant's server when it first needs one. {@link at} gives a view that is
 * pinned to one tenant: 2.7 µs and 1.1 KB instead of a DataSource of its own.
 */
export class BoundDataSource extends DataSource {
  /** The placement that this view is pinned to; undefined on the DataSource that follows the context. */
  readonly placement?: Placement;
  private readonly readFromReplicas: boolean = false;
  /** As TypeORM made it: what the drivers of the views are derived from. */
  private readonly plainDriver = this.driver;
  private readonly views = new WeakMap<Placement, BoundDataSource>();
  private readonly pinned: BoundDataSource;

  constructor(
    options: DataSourceOptions,
    private readonly binding: Binding,
  ) {
    super({ ...options, ...binding.typeorm.options } as DataSourceOptions);
    // The base constructor made these before `binding` was there.
    const { queryResultCache } = this;
    Object.assign(this, {
      manager: this.createEntityManager(),
      relationLoader: new OwnedRelationLoader(this, binding.here, binding.hereIfAny),
      ...(queryResultCache && {
        queryResultCache: this.placedCache(queryResultCache, () =>
          binding.here('The query result cache'),
        ),
      }),
    });
    this.pinned = this.pinnedPrototype(queryResultCache);
  }

  /** This DataSource pinned to one placement. Opens nothing; the same object for the same placement object. */
  at(placement: Placement): BoundDataSource {
    const known = this.views.get(placement);
    if (known !== undefined) return known;
    const view = Object.create(this.pinned) as BoundDataSource;
    const driver = Object.create(this.plainDriver) as BoundDataSource['driver'];
    // TypeORM 0.3 calls it `connection`, which in 1 is a getter of `dataSource`.
    const backReference = 'dataSource' in driver ? 'dataSource' : 'connection';
    Object.assign(driver, { [backReference]: view });
    Object.assign(view, { driver, placement });
    const source = this.binding.sourceOf(placement);
    Object.assign(view, { readFromReplicas: source.readFromReplicas });
    this.binding.typeorm.bind(driver, source, placement.database);
    this.views.set(placement, view);
    return view;
  }

  /** Hands out the driver that those of all views are derived from, for what has to see every value of a column. */
  customiseDriver(customise: (driver: Driver) => void): void {
    customise(this.plainDriver);
  }

  override async initialize(): Promise<this> {
    await super.initialize();
    this.subscribers.push(new OwnerSubscriber());
    // What is taken from the driver, past the DataSource, follows the context, too.
    const driver = Object.create(this.plainDriver) as BoundDataSource['driver'];
    this.binding.typeorm.bind(driver, {
      lease: () =>
        this.binding.sourceOf(this.binding.here('A connection of the tenant DataSource')).lease(),
    });
    driver.createQueryRunner = (mode) => this.createQueryRunner(mode);
    driver.createSchemaBuilder = () =>
      this.current('A schema builder').driver.createSchemaBuilder();
    Object.assign(this, { driver });
    return this;
  }

  /** A view holds no connections: there is nothing to destroy, and the pool must outlive it. */
  override async destroy(): Promise<void> {
    if (this.placement === undefined) await super.destroy();
  }

  override createQueryRunner(mode?: ReplicationMode): QueryRunner {
    if (this.placement === undefined) return this.current('A query').createQueryRunner(mode);
    // Whatever is not made to read may write.
    if (this.readFromReplicas && mode !== 'slave') rememberWrite();
    return super.createQueryRunner(mode);
  }

  /** What TypeORM reads outside of transactions with: `slave` is for the replicas. */
  override defaultReplicationModeForReads(): NonNullable<ReplicationMode> {
    if (this.placement === undefined) {
      return this.current('A query').defaultReplicationModeForReads();
    }
    if (!this.driver.isReplicated) return super.defaultReplicationModeForReads();
    return this.readFromReplicas && !mayHaveWritten() ? 'slave' : 'master';
  }

  override createEntityManager(queryRunner?: QueryRunner): EntityManager {
    return new OwnerCheckedEntityManager(
      this,
      queryRunner,
      () => placementOf(queryRunner) ?? this.placement ?? this.binding.here('An entity manager'),
    );
  }

  override async synchronize(dropBeforeSync?: boolean): Promise<void> {
    if (this.placement !== undefined) return super.synchronize(dropBeforeSync);
    return this.current('synchronize()').synchronize(dropBeforeSync);
  }

  override async dropDatabase(): Promise<void> {
    if (this.placement !== undefined) return super.dropDatabase();
    return this.current('dropDatabase()').dropDatabase();
  }

  override async runMigrations(
    options?: Parameters<DataSource['runMigrations']>[0],
  ): ReturnType<DataSource['runMigrations']> {
    if (this.placement !== undefined) return super.runMigrations(options);
    return this.current('runMigrations()').runMigrations(options);
  }

  override async undoLastMigration(
    options?: Parameters<DataSource['undoLastMigration']>[0],
  ): Promise<void> {
    if (this.placement !== undefined) return super.undoLastMigration(options);
    return this.current('undoLastMigration()').undoLastMigration(options);
  }

  override async showMigrations(): Promise<boolean> {
    if (this.placement !== undefined) return super.showMigrations();
    return this.current('showMigrations()').showMigrations();
  }

  protected override async buildMetadatas(): Promise<void> {
    await super.buildMetadatas();
    const refused = this.entityMetadatas.filter(({ target }) => isActiveRecord(target));
    if (this.binding.refuseActiveRecord && refused.length > 0) {
      throw new ActiveRecordRefusedError(refused.map(({ name }) => name));
    }
  }

  private current(operation: string): BoundDataSource {
    return this.at(this.binding.here(operation));
  }

  /** What all views have in common: parts that hang on the view, made when first used, so that most views stay small. */
  private pinnedPrototype(cache: QueryResultCache | undefined): BoundDataSource {
    return Object.create(this, {
      manager: madeOnUse('manager', (view) => view.createEntityManager()),
      // TypeORM's own: the view is the right tenant already.
      relationLoader: madeOnUse('relationLoader', (view) => new RelationLoader(view)),
      relationIdLoader: madeOnUse('relationIdLoader', (view) => new RelationIdLoader(view)),
      ...(cache && {
        queryResultCache: madeOnUse('queryResultCache', (view) =>
          this.placedCache(cache, () => view.placement!),
        ),
      }),
    }) as BoundDataSource;
  }

  private placedCache(cache: QueryResultCache, current: () => Placement): PlacedQueryResultCache {
    // TypeORM's table cache names the database that its DataSource is in.
    const storeOf = sharesCache(this.options)
      ? () => cache
      : (placement: Placement) => new QueryResultCacheFactory(this.at(placement)).create();
    return new PlacedQueryResultCache(cache, storeOf, current);
  }
}

function madeOnUse(name: string, make: (view: BoundDataSource) => unknown): PropertyDescriptor {
  return {
    get(this: BoundDataSource) {
      const value = make(this);
      Object.defineProperty(this, name, { value });
      return value;
    },
  };
}

/** What is not part of a request, a job or a `tenancy.run` could not tell its own writes. */
function mayHaveWritten(): boolean {
  return currentContext()?.work.wrote ?? true;
}

function isActiveRecord(target: unknown): boolean {
  return typeof target === 'function' && target.prototype instanceof BaseEntity;
}

/** Only TypeORM's own table, its default, lies in each tenant's database. */
function sharesCache({ cache }: DataSourceOptions): boolean {
  if (typeof cache !== 'object') return false;
  return cache.provider !== undefined || (cache.type ?? 'database') !== 'database';
}
