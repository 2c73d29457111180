import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type Repository } from 'typeorm';
import { insert, isDuplicate, update } from '../../tenant/central-rows.js';
import { CENTRAL_DATA_SOURCE } from '../../tenant/tokens.js';
import { AdminOperation } from './admin-operation.entity.js';

/** Milliseconds that an operation is its holder's without a sign of life. */
export const HELD_FOR = 30_000;
/** Milliseconds that it is remembered. */
const KEPT_FOR = 24 * 3_600_000;

/** Who is at an operation. */
export type Hold = Pick<AdminOperation, 'id' | 'holder'>;

/** The rows of operations. Each change is one statement, which finds out by itself whether it may be made. */
@Injectable()
export class OperationStore {
  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {}

  async find(id: string): Promise<AdminOperation | null> {
    return this.rows.findOneBy({ id });
  }

  /** @returns false when there is one of this id */
  async open(
    hold: Hold,
    about: Pick<AdminOperation, 'action' | 'tenantId' | 'fingerprint'>,
    now: number,
  ): Promise<boolean> {
    const times = { beganAt: now, heldUntil: now + HELD_FOR, expiresAt: now + KEPT_FOR };
    const rest = { state: 'running', answer: null, endedAt: null } as const;
    try {
      await insert(this.rows, Object.assign(new AdminOperation(), hold, about, times, rest));
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** @returns false when somebody else has taken it over, or it has ended meanwhile */
  async takeOver(known: AdminOperation, { holder }: Hold, now: number): Promise<boolean> {
    const where = { id: known.id, holder: known.holder, state: 'running' as const };
    const times = { heldUntil: now + HELD_FOR, expiresAt: now + KEPT_FOR };
    return (await update(this.rows, where, { holder, ...times })) === 1;
  }

  /** @returns false when it is another's by now */
  async renew({ id, holder }: Hold, now: number): Promise<boolean> {
    const times = { heldUntil: now + HELD_FOR, expiresAt: now + KEPT_FOR };
    return (await update(this.rows, { id, holder, state: 'running' }, times)) === 1;
  }

  /** @returns false when it is another's by now */
  async announce({ id, holder }: Hold, tenantId: string): Promise<boolean> {
    return (await update(this.rows, { id, holder, state: 'running' }, { tenantId })) === 1;
  }

  async end(
    { id, holder }: Hold,
    ended: Pick<AdminOperation, 'state' | 'tenantId'>,
    answer: object,
    now: number,
  ): Promise<void> {
    const change = { ...ended, answer: JSON.stringify(answer) };
    const times = { endedAt: now, heldUntil: now, expiresAt: now + KEPT_FOR };
    await update(this.rows, { id, holder }, { ...change, ...times });
  }

  /** Whoever comes next may take it over at once. */
  async release({ id, holder }: Hold): Promise<void> {
    await update(this.rows, { id, holder, state: 'running' }, { heldUntil: 0 });
  }

  /** Deletes what is to be forgotten, and all of tenants whose database was dropped. */
  async tidy(now: number): Promise<void> {
    await this.central
      .createQueryBuilder()
      .delete()
      .from(AdminOperation)
      .where('expires_at < :now', { now })
      .orWhere("tenant_id IN (SELECT id FROM tenancy_tenants WHERE step = 'dropped')")
      .callListeners(false)
      .execute();
  }

  private get rows(): Repository<AdminOperation> {
    return this.central.getRepository(AdminOperation);
  }
}
