/** What a command ends with. */
export const EXIT = { failure: 1, usage: 2 } as const;

/** Why a command did not do what it was asked to. The message names the cause and the remedy, and never a secret. */
export class CommandError extends Error {
  constructor(
    /** Stable, for programs. */
    readonly code: string,
    message: string,
    readonly exitCode: number = EXIT.failure,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** The command line cannot be meant like this. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super('USAGE', message, EXIT.usage);
  }
}

/** There is no `tenancy.config` where one is looked for. */
export class ConfigNotFoundError extends CommandError {
  constructor(what: string, looked: readonly string[], remedy: string) {
    super(
      'CONFIG_NOT_FOUND',
      `There is no ${what}. Looked for:\n${looked.map((path) => `  ${path}`).join('\n')}\n${remedy}`,
    );
  }
}

/** The configuration is there and cannot be used. */
export class ConfigUnusableError extends CommandError {
  constructor(path: string, problem: string, remedy: string, cause?: unknown) {
    super('CONFIG_UNUSABLE', `${path} ${problem}. ${remedy}`, EXIT.failure, cause);
  }
}
