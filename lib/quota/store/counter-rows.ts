import { LessThanOrEqual, type DataSource, type EntityManager, type Repository } from 'typeorm';
import { changeNumber, type NumberChange } from '../../database/engines/change-number.js';
import { insert, isDuplicate } from '../../tenant/central-rows.js';
import { QuotaCounter } from '../quota-counter.entity.js';
import type { Counter, Mark } from './quota-store.js';

/** What a change of `taken` does besides, and up to what may be taken *before* it; null: whatever is. */
export type Change = Pick<NumberChange, 'to' | 'also' | 'parameters'> & {
  readonly limit: number | null;
};

/** Which counter a row is of. */
export type CounterName = Pick<Counter, 'tenantId' | 'key' | 'period'>;

/** The rows of counters. Each change is one statement; with a limit it finds no row where more is taken. */
export class CounterRows {
  constructor(private readonly central: DataSource) {}

  async find(counter: CounterName): Promise<QuotaCounter | null> {
    return this.rows.findOneBy(rowOf(counter));
  }

  async findAll(counters: readonly CounterName[]): Promise<QuotaCounter[]> {
    return this.rows.findBy(counters.map(rowOf));
  }

  /** Up to `most` of those that nobody asks for any more. */
  async expired(now: number, most: number): Promise<QuotaCounter[]> {
    return this.rows.find({ where: { expiresAt: LessThanOrEqual(now) }, take: most });
  }

  async remove(counter: CounterName): Promise<void> {
    await this.rows.delete(rowOf(counter));
  }

  /** @returns what is taken now; undefined where no row has room */
  change(
    on: DataSource | EntityManager,
    { tenantId, key, period }: CounterName,
    { to, also, parameters, limit }: Change,
  ): Promise<number | undefined> {
    const bounded = limit !== null;
    return changeNumber(on, this.central.options.type, {
      table: 'tenancy_quota_counters',
      column: 'taken',
      to,
      ...(also !== undefined && { also }),
      where: `tenant_id = ? AND quota_key = ? AND period = ?${bounded ? ' AND taken <= ?' : ''}`,
      parameters: [...parameters, tenantId, key, period, ...(bounded ? [limit] : [])],
    });
  }

  /** Makes the row where there is none. */
  async changeAnyway(counter: Counter, change: Change): Promise<number> {
    for (;;) {
      const taken = await this.change(this.central, counter, change);
      if (taken !== undefined) return taken;
      await this.create(counter);
    }
  }

  async create(counter: Counter): Promise<void> {
    try {
      const { expiresAt } = counter;
      await insert(this.rows, {
        ...rowOf(counter),
        taken: 0,
        reserved: 0,
        marks: 0,
        expiresAt,
      });
    } catch (error) {
      // Another was faster.
      if (!isDuplicate(error)) throw error;
    }
  }

  async mark(counter: Counter, mark: Mark): Promise<boolean> {
    const { affected } = await this.rows
      .createQueryBuilder()
      .update()
      .set({ marks: () => `marks + ${mark}` })
      .where(rowOf(counter))
      .andWhere('(marks & :mark) = 0', { mark })
      .callListeners(false)
      .execute();
    return affected === 1;
  }

  async unmark(counter: Counter, keep: number): Promise<void> {
    await this.rows
      .createQueryBuilder()
      .update()
      .set({ marks: () => `marks & ${keep}` })
      .where(rowOf(counter))
      .andWhere('(marks & :keep) <> marks', { keep })
      .callListeners(false)
      .execute();
  }

  private get rows(): Repository<QuotaCounter> {
    return this.central.getRepository(QuotaCounter);
  }
}

export function rowOf({ tenantId, key, period }: CounterName) {
  return { tenantId, key, period };
}

export function nameOf({ tenantId, key, period }: CounterName): string {
  return `${tenantId}:${key}:${period}`;
}
