import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runDetached } from '../context/tenant-context.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { QuotaCounter } from './quota-counter.entity.js';
import { QuotaLogEntry } from './quota-log.entity.js';
import { QuotaReservationRow } from './quota-reservation.entity.js';
import { QuotaStores } from './store/quota-stores.js';
import { UsageLog } from './usage-log.js';

const HOUR = 3_600_000;

/**
 * Deletes, once an hour, the counts of periods that are over, what is too old in the usage log, and all of tenants whose
 * database was dropped.
 */
@Injectable()
export class QuotaHousekeeping implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly stores: QuotaStores,
    private readonly log: UsageLog,
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
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
    for (const entity of [QuotaReservationRow, QuotaCounter, QuotaLogEntry]) {
      await this.central
        .createQueryBuilder()
        .delete()
        .from(entity)
        .where("tenant_id IN (SELECT id FROM tenancy_tenants WHERE step = 'dropped')")
        .callListeners(false)
        .execute();
    }
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
