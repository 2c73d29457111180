import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ResolvedTenancyOptions } from '../../options/resolve.js';
import { TENANCY_OPTIONS } from '../../options/tokens.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { CENTRAL_DATA_SOURCE } from '../../tenant/tokens.js';
import { DatabaseStore } from './database-store.js';
import { MemoryStore } from './memory-store.js';
import type { Counter, QuotaStore, Take, Taken } from './quota-store.js';
import { RedisStore } from './redis-store.js';

/** Which store counts what: what begins anew as `quota.store` says, the rest where it lasts. */
@Injectable()
export class QuotaStores {
  private readonly logger = new Logger('Tenancy');
  private readonly periodic: QuotaStore;
  private readonly lasting: QuotaStore;

  constructor(
    @Inject(TENANCY_OPTIONS) { quota }: ResolvedTenancyOptions,
    @Inject(CENTRAL_DATA_SOURCE) central: DataSource,
    redis: RedisConnections,
  ) {
    this.lasting = quota.store === 'memory' ? new MemoryStore() : new DatabaseStore(central);
    this.periodic = quota.store === 'redis' ? new RedisStore(redis) : this.lasting;
  }

  get all(): readonly QuotaStore[] {
    return [...new Set([this.periodic, this.lasting])];
  }

  of({ period }: Pick<Counter, 'period'>): QuotaStore {
    return period === '' ? this.lasting : this.periodic;
  }

  /** All of them, or none. Of two stores, the second's refusal gives back what the first has given. */
  take(takes: readonly Take[], now: number): Promise<Taken> {
    const store = this.of(takes[0].counter);
    const isOne = takes.every(({ counter }) => this.of(counter) === store);
    return isOne ? store.take(takes, now) : this.takeFromBoth(takes, now);
  }

  private async takeFromBoth(takes: readonly Take[], now: number): Promise<Taken> {
    const groups = [this.periodic, this.lasting].map((one) => ({
      store: one,
      indices: [...takes.keys()].filter((index) => this.of(takes[index].counter) === one),
    }));
    const taken: number[] = [];
    const done: Take[] = [];
    for (const group of groups) {
      const part = group.indices.map((index) => takes[index]);
      const outcome = await this.orUndo(done, () => group.store.take(part, now));
      outcome.taken.forEach((level, place) => (taken[group.indices[place]] = level));
      if (outcome.refused !== undefined) {
        await this.undo(done);
        return { taken, refused: group.indices[outcome.refused] };
      }
      done.push(...part);
    }
    return { taken };
  }

  private async orUndo<T>(done: readonly Take[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.undo(done);
      throw error;
    }
  }

  /** What cannot be given back stays counted: too much, never too little. */
  private async undo(done: readonly Take[]): Promise<void> {
    for (const { counter, amount } of done) {
      try {
        await this.of(counter).giveBack(counter, amount);
      } catch (error) {
        this.logger.error(`${counter.key} could not be given back: ${String(error)}`);
      }
    }
  }
}
