import { Inject, Injectable } from '@nestjs/common';
import { DataSource, IsNull, LessThan, MoreThan, type Repository } from 'typeorm';
import { insert, remove, removeOfDropped, update } from '../tenant/central-rows.js';
import { Housekeeping } from '../tenant/housekeeping.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { ImpersonationRow } from './impersonation.entity.js';

const HOUR = 3_600_000;

/** The rows of impersonations, in the central database. */
@Injectable()
export class ImpersonationStore extends Housekeeping {
  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {
    super('old impersonations');
  }

  async insert(row: ImpersonationRow): Promise<void> {
    await insert(this.rows, row);
  }

  /**
   * Uses a token up, if it is the tenant's, and neither used nor too old. In one statement: of any number of callers, in
   * any process, one is told so.
   */
  async redeem(tokenHash: string, tenantId: string, now: number): Promise<boolean> {
    const fresh = { tokenHash, tenantId, redeemedAt: IsNull(), expiresAt: MoreThan(now) };
    return (await update(this.rows, fresh, { redeemedAt: now })) > 0;
  }

  async find(tokenHash: string): Promise<ImpersonationRow | undefined> {
    const [row] = await this.rows.findBy({ tokenHash });
    return row;
  }

  /** Those whose tokens have been worth nothing for an hour, and those of tenants whose database was dropped. */
  async tidy(now: number): Promise<void> {
    await remove(this.rows, { expiresAt: LessThan(now - HOUR) });
    await removeOfDropped(this.rows);
  }

  private get rows(): Repository<ImpersonationRow> {
    return this.central.getRepository(ImpersonationRow);
  }
}
