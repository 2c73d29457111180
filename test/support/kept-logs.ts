import { ConsoleLogger } from '@nestjs/common';
import { inspect } from 'node:util';
import { AbstractLogger } from 'typeorm';

/** What TypeORM and this package would have printed. */
export const printed: string[] = [];

export class KeepingTypeOrmLogger extends AbstractLogger {
  protected override writeLog(_level: unknown, message: unknown): void {
    printed.push(inspect(message, { depth: 5 }));
  }
}

/** For `Logger.overrideLogger()`. */
export class KeepingLogger extends ConsoleLogger {
  override log(...parts: unknown[]) {
    printed.push(inspect(parts, { depth: 5 }));
  }
  override warn = this.log;
  override error = this.log;
  override debug = this.log;
  override verbose = this.log;
}
