import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import type { CrossingWitness } from '../context/tenancy.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { TenancyEvents, type TenancyEvent } from '../tenant/tenancy-events.js';
import { CENTRAL_CHAIN } from './audit-entry.js';
import { AuditKeys } from './audit-keys.js';
import { AuditRecorder } from './audit-recorder.js';

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
    if (keys.any) events.hear((name, event) => this.recordStep(name, event));
  }

  /** In the chain of the tenant that is left, before the central work begins. */
  async crossing({ id }: CurrentTenant, reason: string): Promise<void> {
    if (!this.crossings) return;
    await this.recorder.record(id, { action: 'central.entered', details: { reason } });
  }

  private async recordStep(name: string, { tenantId, ...details }: TenancyEvent): Promise<void> {
    const before = name.endsWith('ing');
    const ended = name === 'tenant.failed' ? 'failed' : 'success';
    try {
      const outcome = before ? 'begun' : ended;
      await this.recorder.record(CENTRAL_CHAIN, { action: name, outcome, tenantId, details });
    } catch (error) {
      // What is done is done: to say that it failed would be wrong. That it was begun, the log says.
      if (before) throw error;
      this.logger.error(`${name} of tenant ${tenantId} could not be recorded: ${String(error)}`);
    }
  }
}
