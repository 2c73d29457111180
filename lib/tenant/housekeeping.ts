import { Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { runDetached } from '../context/tenant-context.js';

const HOUR = 3_600_000;

/** Deletes, once an hour, what nobody needs any more. A turn that fails is logged; the next one does what it has left. */
export abstract class Housekeeping implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private timer?: NodeJS.Timeout;

  /** @param what for the log: what is deleted */
  constructor(private readonly what: string) {}

  abstract tidy(now: number): Promise<void>;

  onModuleInit(): void {
    const turn = () => {
      this.tidy(Date.now()).catch((error: unknown) =>
        this.logger.error(`Could not delete ${this.what}: ${String(error)}`),
      );
    };
    this.timer = runDetached(`delete ${this.what}`, () => setInterval(turn, HOUR).unref());
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
