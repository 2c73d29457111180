import type { Command } from 'commander';
import type { App } from './app.js';
import { failureOf } from './failure.js';
import { Output } from './output.js';

/** What every command says of itself. The reference in the docs is made of it: npm run docs:commands. */
export interface CommandText {
  readonly description: string;
  /** Without `npx tenancy`. */
  readonly example: string;
}

/** The options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly config?: string;
}

const EXAMPLES = new WeakMap<Command, string>();

/** How a command is called, for its help and for the docs. */
export function exampleOf(command: Command): string | undefined {
  return EXAMPLES.get(command);
}

/** Adds a command. */
export function define(parent: Command, name: string, text: CommandText): Command {
  const example = `npx tenancy ${text.example}`;
  const command = parent
    .command(name)
    .description(text.description)
    .option('--json', 'print one JSON document, for programs')
    .addHelpText('after', `\nExample:\n  $ ${example}`);
  EXAMPLES.set(command, example);
  return command;
}

/** Adds commands under one name. */
export function defineGroup(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description);
}

/** What an action works with. */
export interface Run {
  readonly output: Output;
  readonly common: CommonOptions;
}

export interface AppRun extends Run {
  readonly app: App;
}

/** The action of a command: what it throws is told, and the process ends with the exit code of it. */
export function action(work: (run: Run, given: unknown[]) => Promise<void>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const common = command.optsWithGlobals<CommonOptions>();
    const output = new Output(common.json ?? false);
    try {
      await work({ output, common }, given.slice(0, -1));
    } catch (error) {
      const failure = failureOf(error);
      process.exitCode = failure.exitCode;
      await output.failure(failure);
    }
  };
}

/**
 * As {@link action}, with the app, which is closed at the end.
 * @param check what can be refused without the app
 */
export function appAction<A extends unknown[]>(
  work: (run: AppRun, ...args: A) => Promise<void>,
  check?: (...args: A) => void,
) {
  return action(async (run, given) => {
    // What commander gives: the arguments, then the options.
    const args = given as A;
    check?.(...args);
    // Loaded when needed: help is there at once.
    const { openApp } = await import('./app.js');
    const app = await openApp(run);
    try {
      await work({ ...run, app }, ...args);
    } finally {
      await app.close();
    }
  });
}
