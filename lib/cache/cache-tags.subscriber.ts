import { Inject, Injectable, Logger } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource, type EntitySubscriberInterface, type QueryRunner } from 'typeorm';
import { runCentrally, runForTenant } from '../context/tenant-context.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import { writtenTenant } from '../tenant/written-tenant.js';
import { cacheTagsOf } from './cache-tags.js';
import type { ScopedCache } from './scoped-cache.js';
import { TENANT_CACHE } from './tokens.js';

interface WriteEvent {
  readonly metadata: { readonly target: unknown };
  readonly queryRunner: QueryRunner;
}

interface TransactionEvent {
  readonly queryRunner: QueryRunner;
}

/**
 * Flushes the `@CacheTags` of what was written: after the commit, so that nobody can cache the old row again in between;
 * never for what is rolled back. The commit has been acknowledged only when they are flushed.
 */
@Injectable()
export class CacheTagsSubscriber implements EntitySubscriberInterface {
  private readonly logger = new Logger('Tenancy');
  private readonly uncommitted = new WeakMap<QueryRunner, Set<string>>();

  constructor(
    @Inject(getDataSourceToken()) tenants: DataSource,
    @Inject(TENANT_CACHE) private readonly cache: ScopedCache,
    private readonly registry: TenantRegistry,
  ) {
    tenants.subscribers.push(this);
  }

  afterInsert(event: WriteEvent): Promise<void> {
    return this.written(event);
  }

  afterUpdate(event: WriteEvent): Promise<void> {
    return this.written(event);
  }

  afterRemove(event: WriteEvent): Promise<void> {
    return this.written(event);
  }

  afterSoftRemove(event: WriteEvent): Promise<void> {
    return this.written(event);
  }

  afterRecover(event: WriteEvent): Promise<void> {
    return this.written(event);
  }

  async afterTransactionCommit({ queryRunner }: TransactionEvent): Promise<void> {
    // TypeORM tells of the end of a nested transaction, too, which commits nothing yet.
    if (queryRunner.isTransactionActive) return;
    const tags = this.uncommitted.get(queryRunner);
    this.uncommitted.delete(queryRunner);
    if (tags !== undefined) await this.flush(queryRunner, [...tags]);
  }

  afterTransactionRollback({ queryRunner }: TransactionEvent): void {
    if (!queryRunner.isTransactionActive) this.uncommitted.delete(queryRunner);
  }

  private async written({ metadata, queryRunner }: WriteEvent): Promise<void> {
    const tags = cacheTagsOf(metadata.target);
    if (tags.length === 0) return;
    if (!queryRunner.isTransactionActive) return this.flush(queryRunner, tags);
    const all = this.uncommitted.get(queryRunner) ?? new Set();
    this.uncommitted.set(queryRunner, all);
    for (const tag of tags) all.add(tag);
  }

  /** Does not reject: the write is done. */
  private async flush(queryRunner: QueryRunner, tags: readonly string[]): Promise<void> {
    try {
      const tenant = await writtenTenant(queryRunner, this.registry);
      // By way of the central side, which may be entered from anywhere.
      await runCentrally('flush cache tags', () =>
        runForTenant(tenant, () => this.cache.tags(...tags).flush()),
      );
    } catch (error) {
      this.logger.error(
        `The cache tags ${tags.join(', ')} were not flushed, and what has them may be served until its time is over`,
        error instanceof Error ? error.stack : error,
      );
    }
  }
}
