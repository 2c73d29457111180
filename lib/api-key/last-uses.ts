import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { runDetached } from '../context/tenant-context.js';
import { ApiKeyRows } from './api-key-rows.js';

/** Milliseconds between two batches: by so much the time of a last use is wrong at most. */
const FLUSH_AFTER = 10_000;
/** Keys in one UPDATE. */
const BATCH = 500;

/**
 * When keys were used last. A use is a mark in memory; every ten seconds the marked keys are written, many in one
 * statement. A process that is killed loses those seconds.
 */
@Injectable()
export class LastUses implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private used = new Set<string>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly rows: ApiKeyRows) {}

  onModuleInit(): void {
    const turn = () => void this.flush();
    this.timer = runDetached('the last uses of API keys', () =>
      setInterval(turn, FLUSH_AFTER).unref(),
    );
  }

  mark(id: string): void {
    this.used.add(id);
  }

  /** Writes what is marked by now. What the database refuses is tried again. */
  async flush(): Promise<void> {
    const ids = [...this.used];
    this.used = new Set();
    const now = Date.now();
    while (ids.length > 0) {
      try {
        await this.rows.used(ids.slice(0, BATCH), now);
        ids.splice(0, BATCH);
      } catch (error) {
        for (const id of ids) this.used.add(id);
        this.logger.error(`The last uses of API keys could not be written: ${String(error)}`);
        return;
      }
    }
  }

  /** Before the connections are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }
}
