/** How many leases there are at each database, those that are on their way included. */
export class DatabasesInUse {
  private readonly leases = new Map<string, number>();
  private readonly waiting = new Map<string, (() => void)[]>();

  enter(database: string): void {
    this.leases.set(database, (this.leases.get(database) ?? 0) + 1);
  }

  leave(database: string): void {
    const left = (this.leases.get(database) ?? 1) - 1;
    if (left > 0) {
      this.leases.set(database, left);
      return;
    }
    this.leases.delete(database);
    this.waiting.get(database)?.forEach((tell) => tell());
    this.waiting.delete(database);
  }

  /** Ends when nobody uses `database`. */
  async unused(database: string): Promise<void> {
    if (!this.leases.has(database)) return;
    await new Promise<void>((tell) => {
      this.waiting.set(database, [...(this.waiting.get(database) ?? []), tell]);
    });
  }
}
