/** One thing that is counted: a quota of a tenant in a period. Amounts are in parts (`amounts.ts`). */
export interface Counter {
  readonly tenantId: string;
  readonly key: string;
  /** The label of its period; empty for `none`. */
  readonly period: string;
  /** Milliseconds since the epoch after which nobody asks for it; null: never. */
  readonly expiresAt: number | null;
}

export interface Take {
  readonly counter: Counter;
  readonly amount: number;
  /** What may be taken in all; null: there is no limit. */
  readonly limit: number | null;
}

/** What came of several takes, of which all were done or none. */
export interface Taken {
  /** What is taken of each now, in their order: used and reserved. Those before and of a refused one where known. */
  readonly taken: readonly number[];
  /** The index of the one that had no room; undefined when all were done. */
  readonly refused?: number;
}

export interface Level {
  /** Used and reserved. */
  readonly taken: number;
  readonly reserved: number;
  /** False where nothing was ever counted. */
  readonly known: boolean;
}

/** What is told once: by its bit. */
export const MARK = { warning: 1, exceeded: 2 } as const;
export type Mark = (typeof MARK)[keyof typeof MARK];

export interface Reserved {
  readonly taken: number;
  readonly refused: boolean;
}

/**
 * Where is counted. Each method is atomic over all processes that share the store, and done whole or not at all when a
 * process dies in it. What is taken never goes above a limit that it was taken under. Reservations whose time is up are
 * given back by whoever needs the room. `now` is the caller's clock: the clocks of the processes must agree.
 */
export interface QuotaStore {
  take(takes: readonly Take[], now: number): Promise<Taken>;
  reserve(take: Take, id: string, until: number, now: number): Promise<Reserved>;
  /**
   * Ends a reservation with what was really used. What is not more than it holds always has room.
   * @returns undefined when there is no such reservation any more
   */
  commit(take: Take, id: string, now: number): Promise<Reserved | undefined>;
  /** Ends a reservation without any use. Does nothing when there is none any more. */
  release(counter: Counter, id: string, now: number): Promise<void>;
  /** Less is used: what is reserved stays. @returns what is taken now */
  giveBack(counter: Counter, amount: number): Promise<number>;
  /** So much is used: what is reserved stays. @returns what is taken now */
  set(counter: Counter, amount: number): Promise<number>;
  read(counters: readonly Counter[], now: number): Promise<readonly Level[]>;
  /** True for one caller in all processes, until it is forgotten. */
  mark(counter: Counter, mark: Mark): Promise<boolean>;
  /** Forgets all marks but those of `keep`. */
  unmark(counter: Counter, keep: number): Promise<void>;
  /** Deletes what nobody asks for any more. */
  tidy(now: number): Promise<void>;
}
