import { writeFile } from 'node:fs/promises';
import type { ServerKind } from '../../test/support/servers/index.js';
import { verdict, type Bound } from './bounds.js';
import type { Machine } from './machine.js';

export const SERVER_KINDS = ['mariadb', 'mysql'] as const satisfies readonly ServerKind[];

/** Options that every bench command takes, in the words of node's `parseArgs`. */
export const COMMON_OPTIONS = {
  /** `mariadb` or `mysql`. */
  server: { type: 'string', default: 'mariadb' },
  /** A file to write the figures to. */
  json: { type: 'string' },
  /** End with a line that says what holds, and exit 1 when a bound does not. */
  check: { type: 'boolean', default: false },
} as const;

/** A command line that cannot be run. */
export class UsageError extends Error {}

/** The value of an option as a whole number. */
export function wholeNumber(name: string, value: string, least = 1): number {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (number >= least) return number;
  throw new UsageError(`--${name} must be a whole number from ${least}, not "${value}"`);
}

/** For commands that measure heap: without this it would be counted with the garbage in it. */
export function requireGarbageCollector(): void {
  if (globalThis.gc !== undefined) return;
  throw new UsageError('heap is measured after a garbage collection: run node with --expose-gc');
}

/** The value of an option as one of the words it may be. */
export function oneOf<T extends string>(name: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found === undefined) {
    throw new UsageError(`--${name} must be one of ${words.join(', ')}, not "${value}"`);
  }
  return found;
}

/** What a command leaves behind, besides what it printed. */
export interface Outcome {
  readonly machine: Machine;
  readonly options: object;
  readonly figures: object;
  readonly bounds: readonly Bound[];
}

/** Runs a command, writes its figures, prints what holds, and sets the exit code. */
export async function runCommand<O extends { readonly json?: string; readonly check: boolean }>(
  readOptions: () => O,
  command: (options: O) => Promise<Outcome>,
): Promise<void> {
  let options: O;
  try {
    options = readOptions();
  } catch (error) {
    if (!isUsageError(error)) throw error;
    console.error(error.message);
    process.exitCode = 2;
    return;
  }
  const outcome = await command(options);
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(outcome, null, 2)}\n`);
  }
  if (!options.check) return;
  const { holds, line } = verdict(outcome.bounds);
  console.log(`\n${line}`);
  if (!holds) process.exitCode = 1;
}

/** Ours, or what node's `parseArgs` throws. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return (
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  );
}
