import { Injectable, Logger, StreamableFile } from '@nestjs/common';
import { CENTRAL_CHAIN } from '../../audit/audit-entry.js';
import { AuditService } from '../../audit/audit.service.js';
import { cursorAfter, lastOf } from '../cursor.js';
import { AdminInputError } from '../errors.js';
import type { AdminOperation } from '../operations/admin-operation.entity.js';
import { AdminOperations } from '../operations/admin-operations.js';
import {
  filterOf,
  type AuditExportInput,
  type AuditQueryInput,
  type AuditVerificationInput,
} from './audit-inputs.js';
import { viewOfEntry, type AuditEntriesView } from './audit-views.js';

const TYPES = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson' } as const;

/** The chains of the audit log, as operators read them. */
@Injectable()
export class AdminAuditLog {
  private readonly logger = new Logger('TenancyAdmin');

  constructor(
    private readonly audit: AuditService,
    private readonly operations: AdminOperations,
  ) {}

  /** @param chain the id of a tenant, or `central` */
  async query(chain: string, query: AuditQueryInput): Promise<AuditEntriesView> {
    const { order, limit, cursor, ...filter } = query;
    const after = lastOf(cursor);
    const page = await this.audit.query({ ...filterOf(filter), order, limit, after }, chain);
    return { items: page.entries.map(viewOfEntry), next: cursorAfter(page.next) };
  }

  /** Begins to go through all of a chain, and is back at once. The verdict is what comes of the operation. */
  async beginToVerify(chain: string, known: AuditVerificationInput): Promise<AdminOperation> {
    const { seq, hash } = known;
    if ((seq === undefined) !== (hash === undefined)) {
      throw new AdminInputError([{ member: '', problem: 'seq and hash go together.' }]);
    }
    const tenantId = chain === CENTRAL_CHAIN ? null : chain;
    const checkpoint = seq !== undefined && hash !== undefined ? { chain, seq, hash } : undefined;
    return this.operations.begin('audit.verify', tenantId, () =>
      this.audit.verify(chain, checkpoint),
    );
  }

  /** All that the filter lets through, read as it is sent. */
  async export(
    chain: string,
    { format = 'ndjson', ...filter }: AuditExportInput,
  ): Promise<StreamableFile> {
    const entries = await this.audit.export(format, filterOf(filter), chain);
    const file = new StreamableFile(entries, {
      type: TYPES[format],
      disposition: `attachment; filename="audit-${chain}.${format}"`,
    });
    // NestJS's own handler ends the response, which would look like the last entry: left alone, the connection is cut.
    return file
      .setErrorHandler(() => {})
      .setErrorLogger((error) => this.logger.error('An export broke off', error.stack));
  }
}
