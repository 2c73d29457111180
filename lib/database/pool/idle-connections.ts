import type { PoolMember } from './pool-member.js';

/** The connections that nobody leases, found by session or by how long they have been idle. All in constant time. */
export class IdleConnections {
  /** In the order in which they became idle: the first has been so the longest. */
  private readonly all = new Set<PoolMember>();
  private readonly byKey = new Map<string, PoolMember[]>();

  get size(): number {
    return this.all.size;
  }

  /** Those that became idle first, first. */
  [Symbol.iterator](): IterableIterator<PoolMember> {
    return this.all.values();
  }

  has(member: PoolMember): boolean {
    return this.all.has(member);
  }

  add(member: PoolMember): void {
    this.all.add(member);
    const there = this.byKey.get(member.key);
    if (there === undefined) this.byKey.set(member.key, [member]);
    else there.push(member);
  }

  /** The one in the session of that key that was used last: its caches are the warmest. */
  takeAt(key: string): PoolMember | undefined {
    const there = this.byKey.get(key);
    const member = there?.pop();
    if (member === undefined) return undefined;
    if (there?.length === 0) this.byKey.delete(key);
    this.all.delete(member);
    return member;
  }

  /** The one whose tenant asked last the longest ago: busy tenants keep theirs. */
  takeOldest(): PoolMember | undefined {
    const [oldest] = this.all;
    if (oldest !== undefined) this.remove(oldest);
    return oldest;
  }

  remove(member: PoolMember): void {
    if (!this.all.delete(member)) return;
    const there = this.byKey.get(member.key) ?? [];
    const left = there.filter((other) => other !== member);
    if (left.length > 0) this.byKey.set(member.key, left);
    else this.byKey.delete(member.key);
  }
}
