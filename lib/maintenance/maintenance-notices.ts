import { Injectable, Logger } from '@nestjs/common';
import { TenancyEvents, type MaintenanceEvent } from '../tenant/tenancy-events.js';
import type { Closure } from './closure.js';
import { MaintenanceStore } from './maintenance-store.js';
import type { MaintenanceRow } from './maintenance.entity.js';

/** Tells of maintenances: each beginning and each end once, whatever the number of processes. */
@Injectable()
export class MaintenanceNotices {
  private readonly logger = new Logger('Tenancy');

  constructor(
    private readonly store: MaintenanceStore,
    private readonly events: TenancyEvents,
  ) {}

  async scheduled(row: MaintenanceRow): Promise<void> {
    await this.events.told('maintenance.scheduled', eventOf(row));
  }

  async enabled(row: MaintenanceRow): Promise<void> {
    await this.events.told('maintenance.enabled', eventOf(row));
  }

  async disabled(row: MaintenanceRow): Promise<void> {
    await this.events.told('maintenance.disabled', eventOf(row));
  }

  /** Tells of what began or ended by itself, where no other process has. Never rejects: it is tried again. */
  async settle(due: readonly Closure[], now: number): Promise<void> {
    try {
      for (const { row, until } of due) {
        if (row.told === 0 && (await this.store.tell(row))) await this.enabled(row);
        const isOver = until <= now || row.tenant?.step === 'dropped';
        if (isOver && (await this.store.delete(row))) await this.disabled(row);
      }
    } catch (error) {
      this.logger.error(`That a maintenance began or ended could not be noted: ${String(error)}`);
    }
  }
}

function eventOf({ id, tenantId, tenant, beginsAt, endsAt }: MaintenanceRow): MaintenanceEvent {
  return {
    id,
    ...(tenantId !== null && { tenantId, slug: tenant?.slug ?? tenantId }),
    from: new Date(Number(beginsAt)),
    ...(endsAt !== null && { until: new Date(Number(endsAt)) }),
  };
}
