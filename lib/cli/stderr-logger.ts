import type { LoggerService } from '@nestjs/common';

/** What goes wrong in the app, on the standard error: the standard output is for the command's result. */
export class StderrLogger implements LoggerService {
  log(): void {}

  warn(message: unknown): void {
    process.stderr.write(`${String(message)}\n`);
  }

  /** Errors that a command ends with it tells itself; those of the start NestJS logs besides. */
  error(message: unknown, ...rest: readonly unknown[]): void {
    if (rest.at(-1) === 'ExceptionHandler') return;
    process.stderr.write(`${String(message)}\n`);
  }
}
