import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { TENANT_DATA_SOURCE } from '../../migration/tokens.js';
import { TenantRegistry } from '../../tenant/tenant-registry.js';
import { CENTRAL_DATA_SOURCE } from '../../tenant/tokens.js';
import { writtenTenant } from '../../tenant/written-tenant.js';
import { CENTRAL_CHAIN } from '../audit-entry.js';
import { AuditRecorder } from '../audit-recorder.js';
import { AuditedEntities, type Audited } from './audited-entities.js';
import { EntityAuditSubscriber, type EntityAuditing } from './entity-audit.subscriber.js';
import { OutboxForwarder } from './outbox-forwarder.js';

/** Has the changes of audited entities recorded. An app without any has no subscriber. */
@Injectable()
export class EntityAudit {
  constructor(
    @Inject(TENANT_DATA_SOURCE) tenants: DataSource,
    @Inject(CENTRAL_DATA_SOURCE) central: DataSource,
    { ofTenants, ofCentral }: AuditedEntities,
    private readonly recorder: AuditRecorder,
    private readonly forwarder: OutboxForwarder,
    registry: TenantRegistry,
  ) {
    this.subscribe(tenants, ofTenants, async (queryRunner) => {
      const tenant = await writtenTenant(queryRunner, registry);
      return { chain: tenant.id, tenant };
    });
    this.subscribe(central, ofCentral, async () => ({ chain: CENTRAL_CHAIN }));
  }

  private subscribe(
    dataSource: DataSource,
    audited: Audited,
    placeOf: EntityAuditing['placeOf'],
  ): void {
    if (audited.size === 0) return;
    const { recorder, forwarder } = this;
    const subscriber = new EntityAuditSubscriber({
      audited,
      placeOf,
      // Who asks is known now; whose chain it is, when it is written.
      entryOf: (event) => recorder.entryOf(CENTRAL_CHAIN, event),
      committed: (place) => forwarder.notice(place),
    });
    dataSource.subscribers.push(subscriber);
  }
}
