import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityMetadata } from 'typeorm';
import { CreateAuditOutbox1000000000020 } from '../../migration/tenant/create-audit-outbox.js';
import { TENANT_DATA_SOURCE } from '../../migration/tokens.js';
import { CENTRAL_DATA_SOURCE } from '../../tenant/tokens.js';
import { AuditKeys } from '../audit-keys.js';
import { AuditKeyMissingError, AuditOutboxMissingError } from '../errors.js';
import { Redaction } from '../redaction.js';
import { AuditedColumns } from './audited-columns.js';
import { auditedOptionsOf } from './audited.decorator.js';

export type Audited = ReadonlyMap<EntityMetadata, AuditedColumns>;

/** The entities that are `@Audited()`, of the tenants' databases and of the central one. */
@Injectable()
export class AuditedEntities {
  readonly ofTenants: Audited;
  readonly ofCentral: Audited;

  /** @throws AuditKeyMissingError, AuditOutboxMissingError, AuditedEntityError when the app starts */
  constructor(
    @Inject(TENANT_DATA_SOURCE) tenants: DataSource,
    @Inject(CENTRAL_DATA_SOURCE) central: DataSource,
    keys: AuditKeys,
    redaction: Redaction,
  ) {
    this.ofTenants = auditedOf(tenants, redaction);
    this.ofCentral = auditedOf(central, redaction);
    if (this.ofTenants.size + this.ofCentral.size > 0 && !keys.any)
      throw new AuditKeyMissingError();
    requireOutbox(this.ofTenants, tenants, 'tenants.migrations');
    requireOutbox(this.ofCentral, central, 'central.migrations');
  }
}

function auditedOf({ entityMetadatas }: DataSource, redaction: Redaction): Audited {
  return new Map(
    entityMetadatas.flatMap((metadata) => {
      const options = auditedOptionsOf(metadata.target);
      if (options === undefined) return [];
      return [[metadata, new AuditedColumns(metadata, options, redaction)] as const];
    }),
  );
}

/** Else the first change would find out. */
function requireOutbox(audited: Audited, { migrations }: DataSource, option: string): void {
  const { name } = CreateAuditOutbox1000000000020;
  // By its name: this package may be there twice, as an ES module and as CommonJS.
  if (audited.size === 0 || migrations.some((migration) => migration.name === name)) return;
  throw new AuditOutboxMissingError(
    [...audited.keys()].map((metadata) => metadata.name),
    option,
  );
}
