import { setImmediate as nextTick } from 'node:timers/promises';
import type { Claimant } from './claimant.js';
import type { PoolMember } from './pool-member.js';

/** A connection that was given back, and by whom. The same one may be so again before this return has ended. */
export interface Return {
  readonly member: PoolMember;
  readonly claimant: Claimant;
}

/**
 * Connections that were given back soiled and are not clean yet. Who ends one thing often begins the next at once: so each
 * is kept for a moment, to be turned to where it is wanted next, as clean as any by one round trip instead of two.
 */
export class SoiledReturns {
  private readonly all = new Set<Return>();
  /** Those that nobody cleans yet. */
  private readonly kept = new Set<Return>();

  get size(): number {
    return this.all.size;
  }

  get members(): readonly PoolMember[] {
    return Array.from(this.all, ({ member }) => member);
  }

  /** The one that is kept for the longest, if it is of use: to be turned by whoever takes it, and counted for them. */
  take(isOfUse: (member: PoolMember) => boolean): Return | undefined {
    const [first] = this.kept;
    if (first === undefined || !isOfUse(first.member)) return undefined;
    this.kept.delete(first);
    return first;
  }

  /** @param goOn what is to become of it when nobody has taken it; until then it is one of these */
  async keep(given: Return, goOn: () => Promise<void>): Promise<void> {
    this.all.add(given);
    this.kept.add(given);
    await nextTick();
    if (this.kept.delete(given)) await goOn();
    this.all.delete(given);
  }
}
