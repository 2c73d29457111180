import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Impersonator } from '../context/impersonator.js';
import { AUDIT_OUTCOMES, CENTRAL_CHAIN, LONGEST_ACTOR, type AuditEvent } from './audit-entry.js';
import { AuditLog } from './audit-log.js';
import type { Unplaced } from './chain-writer.js';
import { AuditEntryError } from './errors.js';
import { Redaction } from './redaction.js';
import { AuditedRequests } from './request-facts.js';

/** Makes entries of what is to be recorded. */
@Injectable()
export class AuditRecorder {
  constructor(
    private readonly log: AuditLog,
    private readonly redaction: Redaction,
    private readonly requests: AuditedRequests,
  ) {}

  /** @throws AuditKeyMissingError, AuditEntryError, AuditUnwrittenError */
  async record(chain: string, event: AuditEvent): Promise<void> {
    await this.log.append(this.entryOf(chain, event));
  }

  /** @throws AuditEntryError */
  entryOf(chain: string, event: AuditEvent): Unplaced {
    const { action, outcome = 'success', details } = event;
    if (!/^[\w.:/-]{1,100}$/.test(action)) {
      throw new AuditEntryError('its action must be 1 to 100 letters, digits, and . : / _ -');
    }
    if (!AUDIT_OUTCOMES.includes(outcome)) {
      throw new AuditEntryError(`its outcome must be one of ${AUDIT_OUTCOMES.join(', ')}`);
    }
    const facts = this.requests.current;
    const { actor = facts.actor, tenantId = chain === CENTRAL_CHAIN ? null : chain } = event;
    if ((actor?.length ?? 0) > LONGEST_ACTOR) {
      throw new AuditEntryError(`its actor must be ${LONGEST_ACTOR} characters at most`);
    }
    if ((tenantId?.length ?? 0) > 36) {
      throw new AuditEntryError('its tenantId must be the id of a tenant');
    }
    return {
      chain,
      id: randomUUID(),
      at: Date.now(),
      action,
      outcome,
      actor: wellFormed(actor),
      tenantId,
      requestId: facts.requestId,
      address: facts.address,
      details: this.redaction.toText(withImpersonator(details, facts.impersonator)),
    };
  }
}

/** Says in whose place it was done, also where somebody else is named as the actor. */
function withImpersonator(details: unknown, impersonator: Impersonator | undefined): unknown {
  if (impersonator === undefined) return details;
  const { id, actor, userId } = impersonator;
  const by = { impersonation: { id, actor, userId } };
  const rest = details === undefined || isPlainObject(details) ? details : { details };
  // In front, because of many fields the last are cut; and nothing of the same name takes its place.
  return { ...by, ...rest, ...by };
}

/** Anything else, such as a list or a `Map`, has contents that are no fields of its own. */
function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value))
  );
}

/** Half of a character would come back from the database as another. */
function wellFormed(text: string | null): string | null {
  return text === null ? null : Buffer.from(text).toString();
}
