import { AbstractLogger } from 'typeorm';

/** For what is meant to fail: TypeORM prints every migration that does. */
export class SilentLogger extends AbstractLogger {
  protected override writeLog(): void {}
}
