import { CROSSING_WITNESS } from '../context/tenancy.js';
import { ArchiveReader } from './archive-reader.js';
import { AuditArchiver } from './audit-archiver.js';
import { AuditEvents } from './audit-events.js';
import { AuditKeys } from './audit-keys.js';
import { AuditLog } from './audit-log.js';
import { AuditRecorder } from './audit-recorder.js';
import { AuditReader } from './audit-reader.js';
import { AuditReporter } from './audit-report.js';
import { AuditVerifier } from './audit-verifier.js';
import { AuditService } from './audit.service.js';
import { ChainWriter } from './chain-writer.js';
import { AuditedEntities } from './entities/audited-entities.js';
import { EntityAudit } from './entities/entity-audit.js';
import { OutboxForwarder } from './entities/outbox-forwarder.js';
import { Redaction } from './redaction.js';
import { AuditedRequests } from './request-facts.js';

/** This room, for the module that assembles the rooms. */
export const AUDIT_PROVIDERS = [
  ArchiveReader,
  AuditArchiver,
  AuditEvents,
  AuditKeys,
  AuditLog,
  AuditReader,
  AuditRecorder,
  AuditReporter,
  AuditService,
  AuditVerifier,
  AuditedEntities,
  AuditedRequests,
  ChainWriter,
  EntityAudit,
  OutboxForwarder,
  Redaction,
  { provide: CROSSING_WITNESS, useExisting: AuditEvents },
];
