import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** Something is to be recorded or verified, and there is no key to do it with. */
export class AuditKeyMissingError extends TenancyError {
  constructor() {
    super({
      code: 'AUDIT_KEY_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'The audit log needs a key to sign with. Make one with: openssl rand -base64 32, and give it as audit.keys or ' +
        'TENANCY_AUDIT_KEYS, the same in every process.',
    });
  }
}

/** The entry could not be written. What it is about may have been done; the answer must not say that all is well. */
export class AuditUnwrittenError extends TenancyError {
  constructor(chain: string, cause: unknown) {
    super({
      code: 'AUDIT_UNWRITTEN',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message:
        `An entry of the audit log could not be written (chain "${chain}"). The cause says what the central database ` +
        'refused it with; what was to be recorded may have been done all the same.',
      retryAfter: 5,
      cause,
    });
  }
}

/** An entry that cannot be recorded as it is. */
export class AuditEntryError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'AUDIT_ENTRY_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The entry of the audit log is refused: ${problem}.`,
    });
  }
}

/** What is asked of the audit log cannot be answered. */
export class AuditQueryError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'AUDIT_QUERY_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: `The audit log cannot be asked that: ${problem}.`,
      publicMessage: problem,
    });
  }
}

/** A chain that is to be archived does not verify. Nothing was taken out of it. */
export class AuditChainBrokenError extends TenancyError {
  constructor(chain: string, seq: number, problem: string) {
    super({
      code: 'AUDIT_CHAIN_BROKEN',
      status: HttpStatus.CONFLICT,
      message: `The chain "${chain}" of the audit log is broken at entry ${seq}: ${problem}. Nothing was archived.`,
    });
  }
}

/** What was to keep an archive resolved without having read it to its end. */
export class AuditArchiveUnreadError extends TenancyError {
  constructor(name: string) {
    super({
      code: 'AUDIT_ARCHIVE_UNREAD',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The archive "${name}" was said to be kept before it was read to its end. Nothing was taken out of the audit ` +
        'log. Let the function given as `to` resolve once all of its content is written.',
    });
  }
}

/** Entities are `@Audited()`, and there is no table for their changes. */
export class AuditOutboxMissingError extends TenancyError {
  constructor(entities: readonly string[], option: string) {
    super({
      code: 'AUDIT_OUTBOX_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The audited entities ${entities.join(', ')} need a table that their changes are kept in. Add CreateAuditOutbox ` +
        `of nestjs-tenancy to ${option}.`,
    });
  }
}

/** What `@Audited()` says of an entity is not so. */
export class AuditedEntityError extends TenancyError {
  constructor(entity: string, unknown: readonly string[]) {
    super({
      code: 'AUDIT_ENTITY_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `@Audited() of ${entity} names what is no column of it: ${unknown.join(', ')}. Name properties, such as ` +
        '"total", and those of embedded ones as "address.street".',
    });
  }
}

/** An audited entity is written where nothing holds the change and its entry together. Nothing was written. */
export class AuditTransactionMissingError extends TenancyError {
  constructor(entity: string) {
    super({
      code: 'AUDIT_TRANSACTION_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${entity} is audited, and a change of it is recorded in the transaction that makes it; here is none. Use ` +
        'save(), remove(), softRemove() or recover(), which open one; or do it within dataSource.transaction().',
    });
  }
}
