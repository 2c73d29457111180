import type { QuotaKey } from '../options/quota-options.js';

/** A part of a quota that is kept for work whose cost is known later. */
export interface QuotaReservation {
  readonly id: string;
  readonly key: QuotaKey;
  /** What is kept, in the quota's unit. */
  readonly amount: number;
  /** When it is given back by itself, as after the death of the process that holds it. */
  readonly until: Date;
  /**
   * Counts what was really used, in the period that it was reserved in, and gives back the rest.
   * @param amount default: all that was reserved. More is taken if there is room.
   * @throws QuotaReservationEndedError when it was ended before, or its time is up; nothing was counted
   * @throws QuotaExceededError when it is more than was reserved, and there is no room; the reservation stays
   */
  commit(amount?: number): Promise<void>;
  /** Gives all of it back. Does nothing when it was ended before. */
  release(): Promise<void>;
}
