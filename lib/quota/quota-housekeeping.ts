import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type ObjectLiteral } from 'typeorm';
import { removeOfDropped } from '../tenant/central-rows.js';
import { Housekeeping } from '../tenant/housekeeping.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { QuotaCounter } from './quota-counter.entity.js';
import { QuotaLogEntry } from './quota-log.entity.js';
import { QuotaReservationRow } from './quota-reservation.entity.js';
import { QuotaStores } from './store/quota-stores.js';
import { UsageLog } from './usage-log.js';

/** The counts of periods that are over, what is too old in the usage log, and all of tenants whose database was dropped. */
@Injectable()
export class QuotaHousekeeping extends Housekeeping {
  constructor(
    private readonly stores: QuotaStores,
    private readonly log: UsageLog,
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
  ) {
    super('what is old of quotas');
  }

  async tidy(now: number): Promise<void> {
    for (const store of this.stores.all) await store.tidy(now);
    await this.log.tidy(now);
    for (const entity of [QuotaReservationRow, QuotaCounter, QuotaLogEntry]) {
      await removeOfDropped(this.central.getRepository<ObjectLiteral>(entity));
    }
  }
}
