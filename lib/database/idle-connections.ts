import type { PooledConnection } from './pooled-connection.js';

/** The connections that nobody leases, found by database or by how long they have been idle. All in constant time. */
export class IdleConnections {
  /** In the order in which they became idle: the first has been so the longest. */
  private readonly all = new Set<PooledConnection>();
  private readonly byDatabase = new Map<string, PooledConnection[]>();

  get size(): number {
    return this.all.size;
  }

  has(connection: PooledConnection): boolean {
    return this.all.has(connection);
  }

  add(connection: PooledConnection): void {
    this.all.add(connection);
    const there = this.byDatabase.get(connection.database);
    if (there === undefined) this.byDatabase.set(connection.database, [connection]);
    else there.push(connection);
  }

  /** The one at `database` that was used last: its caches are the warmest. */
  takeAt(database: string): PooledConnection | undefined {
    const there = this.byDatabase.get(database);
    const connection = there?.pop();
    if (connection === undefined) return undefined;
    if (there?.length === 0) this.byDatabase.delete(database);
    this.all.delete(connection);
    return connection;
  }

  takeOldest(): PooledConnection | undefined {
    const [oldest] = this.all;
    if (oldest !== undefined) this.remove(oldest);
    return oldest;
  }

  takeAllAt(database: string): readonly PooledConnection[] {
    const there = this.byDatabase.get(database) ?? [];
    this.byDatabase.delete(database);
    there.forEach((connection) => this.all.delete(connection));
    return there;
  }

  takeAll(): readonly PooledConnection[] {
    const all = [...this.all];
    this.all.clear();
    this.byDatabase.clear();
    return all;
  }

  remove(connection: PooledConnection): void {
    if (!this.all.delete(connection)) return;
    const there = this.byDatabase.get(connection.database) ?? [];
    const left = there.filter((other) => other !== connection);
    if (left.length > 0) this.byDatabase.set(connection.database, left);
    else this.byDatabase.delete(connection.database);
  }
}
