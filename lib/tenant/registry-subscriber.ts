import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntitySubscriberInterface, type QueryRunner } from 'typeorm';
import { Domain } from './domain.entity.js';
import { TenantCredentials } from './tenant-credentials.entity.js';
import { TenantRegistry } from './tenant-registry.js';
import { Tenant } from './tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from './tokens.js';

const WATCHED = new Set<unknown>([Tenant, Domain, TenantCredentials]);

interface WriteEvent {
  readonly metadata: { readonly target: unknown };
  readonly queryRunner: QueryRunner;
}

/**
 * Tells the registry of writes of tenants and domains that go past `TenantService`: the app's own repository, a query
 * builder. Inside a transaction it tells again after the commit, and only then the other processes: until then others read
 * the old row.
 */
@Injectable()
export class RegistrySubscriber implements EntitySubscriberInterface {
  private readonly uncommitted = new WeakSet<QueryRunner>();

  constructor(
    @Inject(CENTRAL_DATA_SOURCE) central: DataSource,
    private readonly registry: TenantRegistry,
  ) {
    central.subscribers.push(this);
  }

  afterInsert(event: WriteEvent): void {
    this.tell(event);
  }

  afterUpdate(event: WriteEvent): void {
    this.tell(event);
  }

  afterRemove(event: WriteEvent): void {
    this.tell(event);
  }

  afterTransactionCommit({ queryRunner }: { queryRunner: QueryRunner }): void {
    // TypeORM tells of the end of a nested transaction, too, which commits nothing yet.
    if (queryRunner.isTransactionActive) return;
    if (this.uncommitted.delete(queryRunner)) this.registry.invalidate();
  }

  private tell({ metadata, queryRunner }: WriteEvent): void {
    if (!WATCHED.has(metadata.target)) return;
    // A query builder's event does not say which row: such writes are rare, so everything is read again.
    if (queryRunner.isTransactionActive) {
      this.uncommitted.add(queryRunner);
      this.registry.forget({});
    } else {
      this.registry.invalidate();
    }
  }
}
