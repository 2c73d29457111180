import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { TenantContextMissingError, TenantSwitchRefusedError } from '../context/errors.js';
import { currentContext } from '../context/tenant-context.js';
import { AUDIT_OUTCOMES, CENTRAL_CHAIN, type AuditEvent } from './audit-entry.js';
import { exportEntries, type AuditFormat } from './audit-export.js';
import { AuditLog } from './audit-log.js';
import { checkQuery, type AuditFilter, type AuditQuery } from './audit-query.js';
import { AuditReader, type AuditPage } from './audit-reader.js';
import { AuditVerifier, type AuditCheckpoint, type AuditVerdict } from './audit-verifier.js';
import { AuditEntryError } from './errors.js';
import { Redaction } from './redaction.js';
import { AuditedRequests } from './request-facts.js';

/**
 * Who did what, in chains of signed entries: one for each tenant, one for the central side. Inside of a tenant it is
 * about that tenant's chain; on the central side about the central one, or the one that is named.
 */
@Injectable()
export class AuditService {
  constructor(
    private readonly log: AuditLog,
    private readonly reader: AuditReader,
    private readonly verifier: AuditVerifier,
    private readonly redaction: Redaction,
    private readonly requests: AuditedRequests,
  ) {}

  /**
   * Records an entry. When its promise resolves, the entry is committed.
   * @throws AuditKeyMissingError, AuditEntryError
   * @throws AuditUnwrittenError when the central database does not take it
   * @throws TenantContextMissingError where neither a tenant nor central work was entered
   */
  async record(event: AuditEvent): Promise<void> {
    const { action, outcome = 'success', details } = event;
    if (!/^[\w.:/-]{1,100}$/.test(action)) {
      throw new AuditEntryError('its action must be 1 to 100 letters, digits, and . : / _ -');
    }
    if (!AUDIT_OUTCOMES.includes(outcome)) {
      throw new AuditEntryError(`its outcome must be one of ${AUDIT_OUTCOMES.join(', ')}`);
    }
    const chain = chainOf(undefined, 'AuditService.record()');
    const facts = this.requests.current;
    const { actor = facts.actor, tenantId = chain === CENTRAL_CHAIN ? null : chain } = event;
    if ((actor?.length ?? 0) > 191) {
      throw new AuditEntryError('its actor must be 191 characters at most');
    }
    await this.log.append({
      chain,
      id: randomUUID(),
      at: Date.now(),
      action,
      outcome,
      actor: wellFormed(actor),
      tenantId,
      requestId: facts.requestId,
      address: facts.address,
      details: this.redaction.toText(details),
    });
  }

  /**
   * Entries, a page at a time.
   * @param chain a tenant's id, or `central`. Default: that of the current tenant, else the central one
   * @throws AuditQueryError; TenantSwitchRefusedError for another's chain inside of a tenant
   */
  async query(query: AuditQuery = {}, chain?: string): Promise<AuditPage> {
    const of = chainOf(chain, 'AuditService.query()');
    checkQuery(query);
    return this.reader.page(of, query);
  }

  /**
   * Goes through a chain, and finds what was changed, removed, added or put in another order.
   * @param checkpoint where the chain once stood, as `head` of an earlier verdict, kept elsewhere: then it is found too when
   * the whole database was set back to an earlier state
   * @throws AuditKeyMissingError; TenantSwitchRefusedError for another's chain inside of a tenant
   */
  async verify(chain?: string, checkpoint?: AuditCheckpoint): Promise<AuditVerdict> {
    return this.verifier.verify(chainOf(chain, 'AuditService.verify()'), checkpoint);
  }

  /**
   * All entries that `filter` lets through, oldest first, as they were when it was called, read as the stream is read.
   * @throws AuditQueryError; TenantSwitchRefusedError for another's chain inside of a tenant
   */
  async export(format: AuditFormat, filter: AuditFilter = {}, chain?: string): Promise<Readable> {
    const of = chainOf(chain, 'AuditService.export()');
    checkQuery(filter);
    const last = await this.reader.lastSeq(of);
    return exportEntries(format, this.reader.rows(of, 0, last, filter));
  }
}

/** Half of a character would come back from the database as another. */
function wellFormed(text: string | null): string | null {
  return text === null ? null : Buffer.from(text).toString();
}

/** @throws TenantContextMissingError, TenantSwitchRefusedError */
export function chainOf(chain: string | undefined, operation: string): string {
  const context = currentContext();
  if (context === undefined) throw new TenantContextMissingError(operation);
  const own = context.tenant?.id ?? CENTRAL_CHAIN;
  if (chain !== undefined && chain !== own && context.tenant !== undefined) {
    throw new TenantSwitchRefusedError(context.tenant.slug, `the audit log of "${chain}"`);
  }
  return chain ?? own;
}
