import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { DataSource, IsNull, LessThan, MoreThan, type Repository } from 'typeorm';
import { runDetached } from '../context/tenant-context.js';
import { insert, remove, update } from '../tenant/central-rows.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { ImpersonationRow } from './impersonation.entity.js';

const HOUR = 3_600_000;

/** The rows of impersonations, in the central database. Old ones are deleted once an hour, with those of dropped tenants. */
@Injectable()
export class ImpersonationStore implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private timer?: NodeJS.Timeout;

  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {}

  onModuleInit(): void {
    const turn = () => {
      this.tidy(Date.now()).catch((error: unknown) =>
        this.logger.error(`Old impersonations could not be deleted: ${String(error)}`),
      );
    };
    this.timer = runDetached('tidy impersonations', () => setInterval(turn, HOUR).unref());
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
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
    await this.rows
      .createQueryBuilder()
      .delete()
      .where("tenant_id IN (SELECT id FROM tenancy_tenants WHERE step = 'dropped')")
      .callListeners(false)
      .execute();
  }

  private get rows(): Repository<ImpersonationRow> {
    return this.central.getRepository(ImpersonationRow);
  }
}
