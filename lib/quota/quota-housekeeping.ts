import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { runDetached } from '../context/tenant-context.js';
import { QuotaStores } from './store/quota-stores.js';
import { UsageLog } from './usage-log.js';

const HOUR = 3_600_000;

/** Deletes, once an hour, the counts of periods that are over and what is too old in the usage log. */
@Injectable()
export class QuotaHousekeeping implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly stores: QuotaStores,
    private readonly log: UsageLog,
  ) {}

  onModuleInit(): void {
    const turn = () => {
      this.tidy(Date.now()).catch((error: unknown) =>
        this.logger.error(`What is old of quotas could not be deleted: ${String(error)}`),
      );
    };
    this.timer = runDetached('tidy quotas', () => setInterval(turn, HOUR).unref());
  }

  async tidy(now: number): Promise<void> {
    for (const store of this.stores.all) await store.tidy(now);
    await this.log.tidy(now);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
