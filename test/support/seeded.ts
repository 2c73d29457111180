/** Random numbers that a seed repeats (mulberry32). */
export class Seeded {
  constructor(private state: number) {}

  /** From 0 to 1, without 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From 0 to `end`, without `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/**
 * Runs `test` with random numbers that differ from run to run. What fails says with which seed, and
 * `TENANCY_TEST_SEED=<seed>` repeats it.
 */
export async function seeded(test: (random: Seeded) => void | Promise<void>): Promise<void> {
  const given = process.env['TENANCY_TEST_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  try {
    await test(new Seeded(seed));
  } catch (error) {
    throw new Error(`Failed with TENANCY_TEST_SEED=${seed}: ${String(error)}`, { cause: error });
  }
}
