import type { Counter, Level, Mark, QuotaStore, Reserved, Take, Taken } from './quota-store.js';

class Count {
  taken = 0;
  reserved = 0;
  marks = 0;
  readonly reservations = new Map<string, { readonly amount: number; readonly until: number }>();

  constructor(readonly expiresAt: number | null) {}

  sweep(now: number): void {
    if (this.reserved === 0) return;
    for (const [id, { until }] of this.reservations) if (until <= now) this.end(id);
  }

  /** @returns what it held; undefined when there is none */
  end(id: string): number | undefined {
    const reservation = this.reservations.get(id);
    if (reservation === undefined) return undefined;
    this.reservations.delete(id);
    this.taken -= reservation.amount;
    this.reserved -= reservation.amount;
    return reservation.amount;
  }
}

/** Counts in this process: for an app that is one, and does not mind that a restart begins anew. */
export class MemoryStore implements QuotaStore {
  private readonly counts = new Map<string, Count>();

  async take(takes: readonly Take[], now: number): Promise<Taken> {
    if (takes.length === 1) return this.takeOne(takes[0], now);
    const taken: number[] = [];
    for (const [index, { counter, amount, limit }] of takes.entries()) {
      const count = this.at(counter);
      count.sweep(now);
      if (limit !== null && count.taken + amount > limit) {
        return { taken: [...taken, count.taken], refused: index };
      }
      taken.push(count.taken + amount);
    }
    for (const { counter, amount } of takes) this.at(counter).taken += amount;
    return { taken };
  }

  async reserve(take: Take, id: string, until: number, now: number): Promise<Reserved> {
    const { taken, refused } = await this.take([take], now);
    if (refused !== undefined) return { taken: taken[0], refused: true };
    const count = this.at(take.counter);
    count.reserved += take.amount;
    count.reservations.set(id, { amount: take.amount, until });
    return { taken: taken[0], refused: false };
  }

  async commit(
    { counter, amount, limit }: Take,
    id: string,
    now: number,
  ): Promise<Reserved | undefined> {
    const count = this.at(counter);
    count.sweep(now);
    const held = count.reservations.get(id)?.amount;
    if (held === undefined) return undefined;
    const taken = count.taken - held + amount;
    if (limit !== null && amount > held && taken > limit) {
      return { taken: count.taken, refused: true };
    }
    count.end(id);
    count.taken = taken;
    return { taken, refused: false };
  }

  async release(counter: Counter, id: string): Promise<void> {
    this.at(counter).end(id);
  }

  async giveBack(counter: Counter, amount: number): Promise<number> {
    const count = this.at(counter);
    count.taken = Math.max(count.reserved, count.taken - amount);
    return count.taken;
  }

  async set(counter: Counter, amount: number): Promise<number> {
    const count = this.at(counter);
    count.taken = amount + count.reserved;
    return count.taken;
  }

  async read(counters: readonly Counter[], now: number): Promise<readonly Level[]> {
    return counters.map((counter) => {
      const count = this.counts.get(nameOf(counter));
      if (count === undefined) return { taken: 0, reserved: 0, known: false };
      count.sweep(now);
      return { taken: count.taken, reserved: count.reserved, known: true };
    });
  }

  async mark(counter: Counter, mark: Mark): Promise<boolean> {
    const count = this.at(counter);
    const isFirst = (count.marks & mark) === 0;
    count.marks |= mark;
    return isFirst;
  }

  async unmark(counter: Counter, keep: number): Promise<void> {
    this.at(counter).marks &= keep;
  }

  async tidy(now: number): Promise<void> {
    for (const [name, { expiresAt }] of this.counts) {
      if (expiresAt !== null && expiresAt <= now) this.counts.delete(name);
    }
  }

  private takeOne({ counter, amount, limit }: Take, now: number): Taken {
    const count = this.at(counter);
    count.sweep(now);
    const taken = count.taken + amount;
    if (limit !== null && taken > limit) return { taken: [count.taken], refused: 0 };
    count.taken = taken;
    return { taken: [taken] };
  }

  private at(counter: Counter): Count {
    const name = nameOf(counter);
    const known = this.counts.get(name);
    if (known !== undefined) return known;
    const count = new Count(counter.expiresAt);
    this.counts.set(name, count);
    return count;
  }
}

function nameOf({ tenantId, key, period }: Counter): string {
  return `${tenantId}:${key}:${period}`;
}
