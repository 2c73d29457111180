import 'reflect-metadata';
import { CommanderError } from 'commander';
import { EXIT } from './errors.js';
import { createProgram } from './program.js';

/** Runs one command line, and ends the process: with 0, 1 when the command failed, or 2 when it cannot be meant so. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exit(await run(argv));
}

async function run(argv: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // It has said itself what is wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    throw error;
  }
}
