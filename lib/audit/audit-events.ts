import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import type { CrossingWitness } from '../context/tenancy.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { TenancyEvents } from '../tenant/tenancy-events.js';
import { AuditKeys } from './audit-keys.js';
import { AuditRecorder } from './audit-recorder.js';
import { isAudited, placeOf } from './audited-events.js';

/**
 * Records what this package does by itself, where there is a key to sign with. A step of a tenant's life is recorded in
 * the central chain before it begins, and again when it is done: without the first entry it is not begun, and of what
 * was killed in between the first one tells.
 */
@Injectable()
export class AuditEvents implements CrossingWitness {
  private readonly logger = new Logger('Tenancy');
  private readonly crossings: boolean;

  constructor(
    private readonly recorder: AuditRecorder,
    keys: AuditKeys,
    events: TenancyEvents,
    @Inject(TENANCY_OPTIONS) { audit }: ResolvedTenancyOptions,
  ) {
    this.crossings = keys.any && audit.crossings;
    if (keys.any) events.hear((name, event) => this.recordEvent(name, event));
  }

  /** In the chain of the tenant that is left, before the central work begins. */
  async crossing({ id }: CurrentTenant, reason: string): Promise<void> {
    if (!this.crossings) return;
    await this.recorder.record(id, { action: 'central.entered', details: { reason } });
  }

  private async recordEvent(name: string, told: object): Promise<void> {
    if (!isAudited(name)) return;
    const { chain, event } = placeOf(name, told);
    try {
      await this.recorder.record(chain, event);
    } catch (error) {
      // What is done is done: to say that it failed would be wrong. That a step was begun, the log says.
      if (event.outcome === 'begun') throw error;
      this.logger.error(`${name} ${event.tenantId ?? ''} could not be recorded: ${String(error)}`);
    }
  }
}
