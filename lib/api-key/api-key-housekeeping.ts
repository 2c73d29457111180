import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { runDetached } from '../context/tenant-context.js';
import { ApiKeyRows } from './api-key-rows.js';

const HOUR = 3_600_000;

/** Deletes, once an hour, the keys of tenants whose database was dropped. No tenant finds them before that either. */
@Injectable()
export class ApiKeyHousekeeping implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private timer?: NodeJS.Timeout;

  constructor(private readonly rows: ApiKeyRows) {}

  onModuleInit(): void {
    const turn = () => {
      this.rows
        .tidy()
        .catch((error: unknown) =>
          this.logger.error(`API keys of dropped tenants could not be deleted: ${String(error)}`),
        );
    };
    this.timer = runDetached('tidy API keys', () => setInterval(turn, HOUR).unref());
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
