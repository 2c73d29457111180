import { Inject, Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, MoreThan, type FindOptionsWhere, type Repository } from 'typeorm';
import { insert, removeOfDropped, update } from '../tenant/central-rows.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { ApiKeyRow } from './api-key.entity.js';
import { BatchedReads } from './batched-reads.js';

/** Whose keys: a tenant's by its id, or the central ones. */
export type Owner = string | null;

/** The rows of keys. Whoever changes one that was there tells {@link KnownKeys}. */
@Injectable()
export class ApiKeyRows {
  private readonly reads = new BatchedReads(async (ids) => this.rows.findBy({ id: In([...ids]) }));

  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {}

  /** Whosever it is. */
  read(id: string): Promise<ApiKeyRow | null> {
    return this.reads.read(id);
  }

  async find(owner: Owner, id: string): Promise<ApiKeyRow | null> {
    return this.rows.findOneBy({ id, ...of(owner) });
  }

  /** In the order in which they were made. */
  async page(owner: Owner, after: ApiKeyRow | undefined, limit: number): Promise<ApiKeyRow[]> {
    const createdAt = after?.createdAt;
    const following: FindOptionsWhere<ApiKeyRow>[] =
      after === undefined
        ? [of(owner)]
        : [
            { ...of(owner), createdAt, id: MoreThan(after.id) },
            { ...of(owner), createdAt: MoreThan(createdAt ?? 0) },
          ];
    return this.rows.find({
      where: following,
      order: { createdAt: 'ASC', id: 'ASC' },
      take: limit,
    });
  }

  async insert(row: ApiKeyRow): Promise<void> {
    await insert(this.rows, row);
  }

  /**
   * Adds `next` in the place of `old`, which then ends at `endsAt`: both or nothing.
   * @returns false when `old` has ended or was replaced in the meantime
   */
  async replace(old: ApiKeyRow, next: ApiKeyRow, endsAt: number): Promise<boolean> {
    return this.central.transaction(async (manager) => {
      const rows = manager.getRepository(ApiKeyRow);
      const change = { replacedBy: next.id, expiresAt: endsAt };
      const inForce = { id: old.id, replacedBy: IsNull(), revokedAt: IsNull() };
      if ((await update(rows, inForce, change)) === 0) return false;
      await insert(rows, next);
      return true;
    });
  }

  /** @returns false when it was revoked before */
  async revoke(id: string, now: number): Promise<boolean> {
    return (await update(this.rows, { id, revokedAt: IsNull() }, { revokedAt: now })) > 0;
  }

  /** Records that the keys were used until `now`, in one statement. */
  async used(ids: readonly string[], now: number): Promise<void> {
    await this.rows
      .createQueryBuilder()
      .update()
      .set({ lastUsedAt: now })
      .where({ id: In([...ids]) })
      // Another process may have written a later use.
      .andWhere('(last_used_at IS NULL OR last_used_at < :now)', { now })
      .callListeners(false)
      .execute();
  }

  /** Deletes the keys of tenants whose database was dropped. */
  async tidy(): Promise<void> {
    await removeOfDropped(this.rows);
  }

  private get rows(): Repository<ApiKeyRow> {
    return this.central.getRepository(ApiKeyRow);
  }
}

function of(owner: Owner): FindOptionsWhere<ApiKeyRow> {
  return { tenantId: owner ?? IsNull() };
}
