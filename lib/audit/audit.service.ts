import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { TenantContextMissingError, TenantSwitchRefusedError } from '../context/errors.js';
import { currentContext } from '../context/tenant-context.js';
import { ArchiveReader, type AuditArchiveVerdict } from './archive-reader.js';
import { AuditArchiver, type AuditArchive, type AuditArchiveOptions } from './audit-archiver.js';
import { CENTRAL_CHAIN, type AuditEvent } from './audit-entry.js';
import { exportEntries, type AuditFormat } from './audit-export.js';
import { checkQuery, type AuditFilter, type AuditQuery } from './audit-query.js';
import { AuditRecorder } from './audit-recorder.js';
import { AuditReader, type AuditPage } from './audit-reader.js';
import { AuditReporter, type AuditReport, type AuditReportQuery } from './audit-report.js';
import { OutboxForwarder } from './entities/outbox-forwarder.js';
import { AuditVerifier, type AuditCheckpoint, type AuditVerdict } from './audit-verifier.js';

/**
 * Who did what, in chains of signed entries: one for each tenant, one for the central side. Inside of a tenant it is
 * about that tenant's chain; on the central side about the central one, or the one that is named.
 */
@Injectable()
export class AuditService {
  constructor(
    private readonly recorder: AuditRecorder,
    private readonly reader: AuditReader,
    private readonly verifier: AuditVerifier,
    private readonly archiver: AuditArchiver,
    private readonly archives: ArchiveReader,
    private readonly reporter: AuditReporter,
    private readonly outboxes: OutboxForwarder,
  ) {}

  /**
   * Records an entry. When its promise resolves, the entry is committed.
   * @throws AuditKeyMissingError, AuditEntryError
   * @throws AuditUnwrittenError when the central database does not take it
   * @throws TenantContextMissingError where neither a tenant nor central work was entered
   */
  async record(event: AuditEvent): Promise<void> {
    await this.recorder.record(chainOf(undefined, 'AuditService.record()'), event);
  }

  /**
   * Waits until all changes of `@Audited()` entities that are committed by now are in their chain: also those that a killed
   * process has left. Reading a chain does it, too, as far as the tenant's database can be reached.
   * @param chain a tenant's id, or `central`. Default: that of the current tenant, else the central one
   * @throws what keeps them from being brought; TenantSwitchRefusedError for another's chain inside of a tenant
   */
  async settle(chain?: string): Promise<void> {
    await this.outboxes.settle(chainOf(chain, 'AuditService.settle()'));
  }

  /**
   * Entries, a page at a time.
   * @param chain a tenant's id, or `central`. Default: that of the current tenant, else the central one
   * @throws AuditQueryError; TenantSwitchRefusedError for another's chain inside of a tenant
   */
  async query(query: AuditQuery = {}, chain?: string): Promise<AuditPage> {
    const of = chainOf(chain, 'AuditService.query()');
    checkQuery(query);
    await this.outboxes.settleIfPossible(of);
    return this.reader.page(of, query);
  }

  /**
   * Goes through a chain, and finds what was changed, removed, added or put in another order.
   * @param checkpoint where the chain once stood, as `head` of an earlier verdict, kept elsewhere: then it is found too when
   * the whole database was set back to an earlier state
   * @throws AuditKeyMissingError; TenantSwitchRefusedError for another's chain inside of a tenant
   */
  async verify(chain?: string, checkpoint?: AuditCheckpoint): Promise<AuditVerdict> {
    const of = chainOf(chain, 'AuditService.verify()');
    await this.outboxes.settleIfPossible(of);
    return this.verifier.verify(of, checkpoint);
  }

  /**
   * All entries that `filter` lets through, oldest first, as they were when it was called, read as the stream is read.
   * @throws AuditQueryError; TenantSwitchRefusedError for another's chain inside of a tenant
   */
  async export(format: AuditFormat, filter: AuditFilter = {}, chain?: string): Promise<Readable> {
    const of = chainOf(chain, 'AuditService.export()');
    checkQuery(filter);
    await this.outboxes.settleIfPossible(of);
    const last = await this.reader.lastSeq(of);
    return exportEntries(format, this.reader.rows(of, 0, last, filter));
  }

  /**
   * Takes old entries out of the database into archives of up to 10,000 entries, oldest first. The chain is verified on
   * the way, and goes on from the last entry that was taken out; that it was is recorded as `audit.archived`.
   * @returns the archives that were made
   * @throws AuditChainBrokenError, with nothing taken out from there on; AuditArchiveUnreadError; AuditKeyMissingError;
   * TenantSwitchRefusedError for another's chain inside of a tenant; whatever `to` fails with
   */
  async archive(options: AuditArchiveOptions, chain?: string): Promise<readonly AuditArchive[]> {
    return this.archiver.archive(chainOf(chain, 'AuditService.archive()'), options);
  }

  /**
   * Goes through an archive, as `verify` goes through what is in the database.
   * @param after the `head` of the archive before it. Left out, it may begin anywhere
   * @throws AuditKeyMissingError
   */
  async verifyArchive(
    content: AsyncIterable<Uint8Array | string>,
    after?: AuditCheckpoint,
  ): Promise<AuditArchiveVerdict> {
    return this.archives.verify(content, after);
  }

  /**
   * Who did what to which tenant, how often; whether the chains that say so are right, and how far back they reach. As JSON
   * it is for programs; `auditReportHtml` makes a page of it. Inside of a tenant it is about that tenant's chain; it reads
   * all of the chains it is about.
   * @throws AuditQueryError, AuditKeyMissingError; TenantSwitchRefusedError for another tenant's inside of a tenant
   */
  async report({ from, to, tenantId }: AuditReportQuery): Promise<AuditReport> {
    const chain = chainOf(tenantId, 'AuditService.report()');
    checkQuery({ from, to });
    if (currentContext()?.tenant !== undefined) {
      await this.outboxes.settleIfPossible(chain);
      return this.reporter.report({ chain }, from, to);
    }
    if (tenantId === undefined) {
      await this.outboxes.settleIfPossible();
      return this.reporter.report({ all: true }, from, to);
    }
    await this.outboxes.settleIfPossible(CENTRAL_CHAIN, tenantId);
    return this.reporter.report({ about: tenantId }, from, to);
  }
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
