import { In, LessThanOrEqual, type DataSource, type EntityManager } from 'typeorm';
import { insert } from '../../tenant/central-rows.js';
import { QuotaReservationRow } from '../quota-reservation.entity.js';
import { CounterRows, nameOf, rowOf, type Change, type CounterName } from './counter-rows.js';
import type { Counter, Level, Mark, QuotaStore, Reserved, Take, Taken } from './quota-store.js';

/** Undoes a transaction. */
class NoRoom extends Error {
  constructor(readonly index: number) {
    super('no room');
  }
}

/**
 * Counts in the central database. A take is one UPDATE that names the limit, so that of two at once one finds no room.
 * What changes more than a row is a transaction that begins with the counter's row, and so has it alone to its end.
 */
export class DatabaseStore implements QuotaStore {
  private readonly counters: CounterRows;

  constructor(private readonly central: DataSource) {
    this.counters = new CounterRows(central);
  }

  async take(takes: readonly Take[], now: number): Promise<Taken> {
    // In one order everywhere: two who wait for each other's rows would wait for ever.
    const order = takes.map((_, index) => index);
    order.sort((a, b) => (nameOf(takes[a].counter) < nameOf(takes[b].counter) ? -1 : 1));
    const taken: number[] = [];
    const attempt = async (on: DataSource | EntityManager) => {
      for (const index of order) {
        const level = await this.add(on, takes[index]);
        if (level === undefined) throw new NoRoom(index);
        taken[index] = level;
      }
    };
    for (;;) {
      const index = await refusalOf(() =>
        takes.length === 1 ? attempt(this.central) : this.central.transaction(attempt),
      );
      if (index === undefined) return { taken };
      const { counter, limit, amount } = takes[index];
      const level = await this.makeRoom(counter, limit === null ? null : limit - amount, now);
      if (level !== undefined) return { taken: takes.map(() => level), refused: index };
    }
  }

  async reserve(take: Take, id: string, until: number, now: number): Promise<Reserved> {
    const { counter, amount, limit } = take;
    const change: Change = {
      to: 'taken + ?',
      also: 'reserved = reserved + ?',
      parameters: [amount, amount],
      limit: limit === null ? null : limit - amount,
    };
    for (;;) {
      let taken = 0;
      const refused = await refusalOf(() =>
        this.central.transaction(async (manager) => {
          const level = await this.counters.change(manager, counter, change);
          if (level === undefined) throw new NoRoom(0);
          taken = level;
          const { tenantId, key, period } = counter;
          const row = { id, tenantId, key, period, amount, until };
          await insert(manager.getRepository(QuotaReservationRow), row);
        }),
      );
      if (refused === undefined) return { taken, refused: false };
      const level = await this.makeRoom(counter, change.limit, now);
      if (level !== undefined) return { taken: level, refused: true };
    }
  }

  async commit(
    { counter, amount, limit }: Take,
    id: string,
    now: number,
  ): Promise<Reserved | undefined> {
    // Not in the transaction: what is read there must not be older than the lock on the counter.
    const found = await this.reservations.findOneBy({ id });
    if (found === null || Number(found.until) <= now) return undefined;
    const held = Number(found.amount);
    const more = amount - held;
    const change: Change = {
      to: 'taken + ?',
      also: 'reserved = reserved - ?',
      parameters: [more, held],
      limit: limit === null || more <= 0 ? null : limit - more,
    };
    for (;;) {
      let taken: number | undefined;
      const refused = await refusalOf(() =>
        this.central.transaction(async (manager) => {
          taken = await this.counters.change(manager, counter, change);
          if (taken === undefined) throw new NoRoom(0);
          if (!(await end(manager, id))) throw new NoRoom(1);
        }),
      );
      if (refused === undefined && taken !== undefined) return { taken, refused: false };
      if (refused === 1) return undefined;
      const level = await this.makeRoom(counter, change.limit, now);
      if (level !== undefined) return { taken: level, refused: true };
    }
  }

  async release(counter: Counter, id: string): Promise<void> {
    const found = await this.reservations.findOneBy({ id });
    if (found === null) return;
    const held = Number(found.amount);
    await refusalOf(() =>
      this.central.transaction(async (manager) => {
        await this.counters.change(manager, counter, giveBackReserved(held));
        if (!(await end(manager, id))) throw new NoRoom(0);
      }),
    );
  }

  async giveBack(counter: Counter, amount: number): Promise<number> {
    return this.counters.changeAnyway(counter, {
      to: 'CASE WHEN taken - ? < reserved THEN reserved ELSE taken - ? END',
      parameters: [amount, amount],
      limit: null,
    });
  }

  async set(counter: Counter, amount: number): Promise<number> {
    return this.counters.changeAnyway(counter, {
      to: '? + reserved',
      parameters: [amount],
      limit: null,
    });
  }

  async read(counters: readonly Counter[], now: number): Promise<readonly Level[]> {
    if (counters.length === 0) return [];
    let rows = await this.counters.findAll(counters);
    for (const row of rows) if (Number(row.reserved) > 0) await this.sweep(row, now);
    if (rows.some(({ reserved }) => Number(reserved) > 0))
      rows = await this.counters.findAll(counters);
    const byName = new Map(rows.map((row) => [nameOf(row), row]));
    return counters.map((counter) => {
      const row = byName.get(nameOf(counter));
      if (row === undefined) return { taken: 0, reserved: 0, known: false };
      return { taken: Number(row.taken), reserved: Number(row.reserved), known: true };
    });
  }

  mark(counter: Counter, mark: Mark): Promise<boolean> {
    return this.counters.mark(counter, mark);
  }

  unmark(counter: Counter, keep: number): Promise<void> {
    return this.counters.unmark(counter, keep);
  }

  async tidy(now: number): Promise<void> {
    const gone = await this.counters.expired(now, TIDIED);
    for (const row of gone) {
      await this.reservations.delete(rowOf(row));
      await this.counters.remove(row);
    }
  }

  private add(
    on: DataSource | EntityManager,
    { counter, amount, limit }: Take,
  ): Promise<number | undefined> {
    const most = limit === null ? null : limit - amount;
    return this.counters.change(on, counter, {
      to: 'taken + ?',
      parameters: [amount],
      limit: most,
    });
  }

  /**
   * For a change that no row had room for: makes the row, or gives back what reservations hold whose time is up.
   * @param most what may be taken before the change
   * @returns undefined when it makes sense to try again, also because another was here meanwhile; else what is taken
   */
  private async makeRoom(
    counter: Counter,
    most: number | null,
    now: number,
  ): Promise<number | undefined> {
    let row = await this.counters.find(counter);
    if (row !== null && Number(row.reserved) > 0) {
      if (await this.sweep(counter, now)) return undefined;
      row = await this.counters.find(counter);
    }
    if (row === null) {
      await this.counters.create(counter);
      return undefined;
    }
    const taken = Number(row.taken);
    return most !== null && taken > most ? taken : undefined;
  }

  /** @returns whether there was anything to give back */
  private async sweep(counter: CounterName, now: number) {
    return this.central.transaction(async (manager) => {
      const alone: Change = { to: 'taken', parameters: [], limit: null };
      await this.counters.change(manager, counter, alone);
      const over = await manager.getRepository(QuotaReservationRow).find({
        where: { ...rowOf(counter), until: LessThanOrEqual(now) },
        take: TIDIED,
      });
      if (over.length === 0) return false;
      const held = over.reduce((sum, { amount }) => sum + Number(amount), 0);
      await manager.delete(QuotaReservationRow, { id: In(over.map(({ id }) => id)) });
      await this.counters.change(manager, counter, giveBackReserved(held));
      return true;
    });
  }

  private get reservations() {
    return this.central.getRepository(QuotaReservationRow);
  }
}

/** Rows that one turn of tidying deletes: others must not wait for it. */
const TIDIED = 500;

function giveBackReserved(held: number): Change {
  return {
    to: 'taken - ?',
    also: 'reserved = reserved - ?',
    parameters: [held, held],
    limit: null,
  };
}

/** @returns whether it was this call that ended the reservation */
async function end(manager: EntityManager, id: string): Promise<boolean> {
  const { affected } = await manager.delete(QuotaReservationRow, { id });
  return affected === 1;
}

async function refusalOf(work: () => Promise<void>): Promise<number | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof NoRoom) return error.index;
    throw error;
  }
}
