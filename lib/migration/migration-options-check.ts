import { MigrationOptionsError } from './errors.js';
import type { MigrateOptions, RollbackOptions } from './migration-options.js';

/** @throws MigrationOptionsError */
export function checkMigrationOptions(options: MigrateOptions & RollbackOptions): void {
  const { workers, workersPerServer, canary, maxFailures, steps, lockTimeout, only, begun } =
    options;
  const atLeast = {
    workers: 1,
    workersPerServer: 1,
    maxFailures: 1,
    steps: 1,
    canary: 0,
    lockTimeout: 0,
  };
  const given = { workers, workersPerServer, canary, maxFailures, steps, lockTimeout };
  for (const [option, least] of Object.entries(atLeast)) {
    const value = given[option as keyof typeof atLeast];
    if (value === undefined || (Number.isInteger(value) && value >= least)) continue;
    throw new MigrationOptionsError(
      option,
      `must be a whole number from ${least} on, not ${value}`,
    );
  }
  // Whoever says what became of a statement has looked at one tenant.
  if (begun !== undefined && (only?.length !== 1 || !options.resume)) {
    throw new MigrationOptionsError('begun', 'is for one tenant of `only`, with `resume`');
  }
}
