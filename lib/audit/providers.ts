import { AuditKeys } from './audit-keys.js';
import { AuditLog } from './audit-log.js';
import { AuditReader } from './audit-reader.js';
import { AuditVerifier } from './audit-verifier.js';
import { AuditService } from './audit.service.js';
import { Redaction } from './redaction.js';
import { AuditedRequests } from './request-facts.js';

/** This room, for the module that assembles the rooms. */
export const AUDIT_PROVIDERS = [
  AuditKeys,
  AuditLog,
  AuditReader,
  AuditService,
  AuditVerifier,
  AuditedRequests,
  Redaction,
];
