import type { ConnectionShare } from '../../context/current-tenant.js';
import { Claimant } from './claimant.js';
import type { Waiter } from './waiter.js';

/** A reserve that cannot be kept, because the reserves together would take all connections. */
export interface RefusedReserve {
  readonly database: string;
  readonly wanted: number;
  readonly kept: number;
}

/**
 * Who may have a connection, and who of those that wait is next: the tenant with the fewest leases, so that one that
 * floods waits for itself. But when somebody's patience ends, every other turn is theirs: with a thousand tenants there
 * is always one with fewer leases, and a busy one would wait until its time is up. A tenant's ceiling and the places that
 * are kept for others are seen to here as well. All in constant time, but for tenants that wait while only kept places
 * are left.
 */
export class FairShare {
  private readonly claimants = new Map<string, Claimant>();
  /** Those that wait and may have more, by how many leases they have; in a row, who waits the longest first. */
  private readonly rows: readonly Set<Claimant>[];
  private readonly reserving = new Set<Claimant>();
  private readonly emptied = new Map<string, (() => void)[]>();
  /** In the order in which they came. */
  private readonly line = new Set<Waiter>();
  private total = 0;
  /** The last turn was that of somebody whose patience had ended. */
  private servedByAge = false;

  /**
   * @param places connections that there may be
   * @param ceiling of a tenant whose share does not name one
   * @param patience milliseconds after which who waits the longest gets every other turn
   * @param reserveRefused told of a reserve that cannot be kept in full
   */
  constructor(
    private readonly places: number,
    private readonly ceiling: number,
    private readonly patience: number,
    private readonly reserveRefused: (refused: RefusedReserve) => void,
  ) {
    this.rows = Array.from({ length: places }, () => new Set<Claimant>());
  }

  /** Leases of all, those that are on their way included. */
  get leases(): number {
    return this.total;
  }

  /** Leases of one, those that are on their way included. */
  leasesOf(database: string): number {
    return this.claimants.get(database)?.leases ?? 0;
  }

  /** Callers that wait. */
  get waiting(): number {
    return this.line.size;
  }

  /** The claimant for `database`, on the terms of `share`. */
  claimant(database: string, share: ConnectionShare | undefined): Claimant {
    const claimant = this.claimants.get(database) ?? this.add(database);
    if (claimant.share !== share || claimant.max === Infinity) this.agree(claimant, share);
    return claimant;
  }

  /** Whether one more lease leaves its ceiling and everybody else's reserve as they are. */
  hasRoomFor(claimant: Claimant): boolean {
    if (claimant.leases >= claimant.max) return false;
    return this.total + this.reserveOfOthers(claimant) < this.places;
  }

  enter(claimant: Claimant): void {
    this.total += 1;
    claimant.leases += 1;
    this.stand(claimant);
  }

  leave(claimant: Claimant): void {
    this.total -= 1;
    claimant.leases -= 1;
    this.stand(claimant);
    if (claimant.leases === 0) this.tellEmptied(claimant.database);
    this.forgetIdle(claimant);
  }

  wait(waiter: Waiter): void {
    this.line.add(waiter);
    const { claimant } = waiter.request;
    claimant.waiters.add(waiter);
    this.stand(claimant);
  }

  /** The claimant is kept: what waited may be about to {@link enter}. */
  stopWaiting(waiter: Waiter): void {
    const { claimant } = waiter.request;
    if (!claimant.waiters.delete(waiter)) return;
    this.line.delete(waiter);
    this.stand(claimant);
  }

  /** Who is to be served next, undefined when nobody that waits may have one more. */
  next(): Waiter | undefined {
    const impatient = this.impatient();
    this.servedByAge = impatient !== undefined;
    return impatient ?? this.withFewestLeases();
  }

  /** The next of this claimant's own, if nobody has fewer leases, and it is no impatient one's turn. */
  nextOf(claimant: Claimant): Waiter | undefined {
    if (claimant.row === undefined || !this.hasRoomFor(claimant)) return undefined;
    const first = this.rows.findIndex((row) => row.size > 0);
    if (claimant.row !== first || this.impatient() !== undefined) return undefined;
    this.servedByAge = false;
    return firstOf(claimant);
  }

  allWaiting(): readonly Waiter[] {
    return [...this.line];
  }

  /** Ends when `database` has no lease. */
  async empty(database: string): Promise<void> {
    if ((this.claimants.get(database)?.leases ?? 0) === 0) return;
    await new Promise<void>((tell) => {
      this.emptied.set(database, [...(this.emptied.get(database) ?? []), tell]);
    });
  }

  /** Of ten thousand tenants only those that have or want something are kept. */
  forgetIdle(claimant: Claimant): void {
    if (claimant.idle) this.claimants.delete(claimant.database);
  }

  private withFewestLeases(): Waiter | undefined {
    for (const row of this.rows) {
      for (const claimant of row) if (this.hasRoomFor(claimant)) return firstOf(claimant);
    }
    return undefined;
  }

  /** Who has waited the longest, and for too long: when it is their turn. */
  private impatient(): Waiter | undefined {
    const [oldest] = this.line;
    if (this.servedByAge || oldest === undefined) return undefined;
    if (performance.now() - oldest.since < this.patience) return undefined;
    return this.hasRoomFor(oldest.request.claimant) ? oldest : undefined;
  }

  private add(database: string): Claimant {
    const claimant = new Claimant(database);
    this.claimants.set(database, claimant);
    return claimant;
  }

  /** More than there is cannot be kept: one place always stays for those without a reserve. */
  private agree(claimant: Claimant, share: ConnectionShare | undefined): void {
    const { database } = claimant;
    const others = [...this.reserving].filter((other) => other !== claimant);
    const kept = others.reduce((sum, { reserved }) => sum + reserved, 0);
    const ceiling = share?.max ?? (database === '' ? this.places : this.ceiling);
    const reserve = share?.reserved ?? 0;
    claimant.share = share;
    claimant.max = Math.min(ceiling, this.places);
    claimant.reserved = Math.min(reserve, this.places - 1 - kept, claimant.max);
    if (claimant.reserved > 0) this.reserving.add(claimant);
    else this.reserving.delete(claimant);
    if (claimant.reserved < reserve) {
      this.reserveRefused({ database, wanted: reserve, kept: claimant.reserved });
    }
    this.stand(claimant);
  }

  private reserveOfOthers(claimant: Claimant): number {
    if (this.reserving.size === 0) return 0;
    let reserve = 0;
    for (const other of this.reserving) if (other !== claimant) reserve += other.unusedReserve;
    return reserve;
  }

  /** Puts a claimant into the row that it belongs in now. */
  private stand(claimant: Claimant): void {
    const { leases, max, waiters, row } = claimant;
    const wanted = waiters.size > 0 && leases < max ? leases : undefined;
    if (wanted === row) return;
    if (row !== undefined) this.rows[row].delete(claimant);
    if (wanted !== undefined) this.rows[wanted].add(claimant);
    claimant.row = wanted;
  }

  private tellEmptied(database: string): void {
    this.emptied.get(database)?.forEach((tell) => tell());
    this.emptied.delete(database);
  }
}

function firstOf({ waiters }: Claimant): Waiter | undefined {
  const [first] = waiters;
  return first;
}
