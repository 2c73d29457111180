/** What a cache of this process has done since it was made, for all tenants together. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Hits in all that was asked for, 0 to 1; 0 when nothing was. */
  readonly hitRate: number;
  /** Operations that the store failed. */
  readonly failures: number;
}

/** Counts. */
export class CacheStatistics {
  private hits = 0;
  private misses = 0;
  private failures = 0;

  count(hit: boolean): void {
    if (hit) this.hits += 1;
    else this.misses += 1;
  }

  countFailure(): void {
    this.failures += 1;
  }

  stats(): CacheStats {
    const { hits, misses, failures } = this;
    const asked = hits + misses;
    return { hits, misses, hitRate: asked === 0 ? 0 : hits / asked, failures };
  }
}
