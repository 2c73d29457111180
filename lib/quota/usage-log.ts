import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, In, LessThan } from 'typeorm';
import { runDetached } from '../context/tenant-context.js';
import type { QuotaKey } from '../options/quota-options.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { Tenant } from '../tenant/tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { toUnits } from './amounts.js';
import { QuotaLogEntry } from './quota-log.entity.js';

/** Milliseconds between two batches: so much of the log, not of the counts, is lost with a process that is killed. */
const FLUSH_AFTER = 2_000;
/** Rows in one INSERT. */
const BATCH = 500;
/** Rows that one turn of deleting takes. */
const DELETED = 1_000;

/** Which part of a tenant's log, and how it is added up. */
export interface UsageQuery {
  readonly key?: QuotaKey;
  readonly source?: string;
  /** The first day, such as 2030-12-01. Default: as far as the log goes. */
  readonly from?: string;
  /** The last day. Default: today. */
  readonly to?: string;
  /** What is told apart. Default day and key. */
  readonly by?: readonly ('day' | 'key' | 'source')[];
}

export interface UsageSum {
  readonly day?: string;
  readonly key?: QuotaKey;
  readonly source?: string;
  /** In the quota's unit; what was given back is taken off. Across keys it means nothing. */
  readonly amount: number;
  /** How often. */
  readonly uses: number;
}

type LogRow = Omit<QuotaLogEntry, 'tenant'>;

type Sum = {
  readonly entry: Omit<LogRow, 'id' | 'amount' | 'uses'>;
  amount: number;
  uses: number;
};

/**
 * Who used what, when and for what. What a process counts is added up in memory and written a few seconds later, many
 * in one statement, so that no request waits for it. It is told of with a delay; what may be used is not decided by it.
 */
@Injectable()
export class UsageLog implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private readonly retention: number;
  private sums = new Map<string, Sum>();
  /** Rows with their ids, which a lost answer leaves unsure. */
  private unwritten: LogRow[] = [];
  private writing: Promise<void> = Promise.resolve();
  /** Waits for {@link writing} to end. */
  private next?: Promise<void>;
  private timer?: NodeJS.Timeout;

  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    @Inject(TENANCY_OPTIONS) { quota }: ResolvedTenancyOptions,
  ) {
    this.retention = quota.logRetention;
  }

  onModuleInit(): void {
    const turn = () => void this.flush().catch((error: unknown) => this.tellFailure(error));
    this.timer = runDetached('the usage log', () => setInterval(turn, FLUSH_AFTER).unref());
  }

  /** @param amount in parts */
  add(tenantId: string, day: string, key: QuotaKey, source: string, amount: number): void {
    const name = `${tenantId}:${day}:${key}:${source}`;
    const sum = this.sums.get(name);
    if (sum === undefined) {
      this.sums.set(name, { entry: { tenantId, day, key, source }, amount, uses: 1 });
      return;
    }
    sum.amount += amount;
    sum.uses += 1;
  }

  /** Writes what is there by now. @throws what the central database refuses it with; it is tried again */
  flush(): Promise<void> {
    // One at a time, and one that waits, which has what is there by then, for all who ask meanwhile. Detached: it is not the
    // request that happens to ask first that it is written for.
    this.next ??= this.writing
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        this.writing = runDetached('the usage log', () => this.write());
        return this.writing;
      });
    return this.next;
  }

  async sumsOf(tenantId: string, query: UsageQuery): Promise<readonly UsageSum[]> {
    const { key, source, from, to, by = ['day', 'key'] } = query;
    const columns = (['day', 'key', 'source'] as const).filter((column) => by.includes(column));
    const rows = this.log
      .createQueryBuilder('entry')
      .select('SUM(entry.amount)', 'amount')
      .addSelect('SUM(entry.uses)', 'uses')
      .where({
        tenantId,
        ...(key !== undefined && { key }),
        ...(source !== undefined && { source }),
      });
    if (from !== undefined) rows.andWhere('entry.day >= :from', { from });
    if (to !== undefined) rows.andWhere('entry.day <= :to', { to });
    for (const column of columns) {
      rows.addSelect(`entry.${column}`, `of_${column}`);
      rows.addGroupBy(`entry.${column}`).addOrderBy(`entry.${column}`);
    }
    const found = await rows.getRawMany<Readonly<Record<string, unknown>>>();
    return found.map((row) => ({
      ...Object.fromEntries(columns.map((column) => [column, row[`of_${column}`]])),
      amount: toUnits(Number(row['amount'])),
      uses: Number(row['uses']),
    }));
  }

  /** Deletes what is older than `quota.logRetention`. */
  async tidy(now: number): Promise<void> {
    const first = new Date(now - this.retention * 24 * 3_600_000).toISOString().slice(0, 10);
    for (;;) {
      const old = await this.log.find({
        where: { day: LessThan(first) },
        select: { id: true },
        take: DELETED,
      });
      if (old.length === 0) return;
      await this.log.delete({ id: In(old.map(({ id }) => id)) });
    }
  }

  /** Before the connections are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    try {
      await this.flush();
    } catch (error) {
      this.tellFailure(error);
    }
  }

  private async write(): Promise<void> {
    this.unwritten.push(
      ...[...this.sums.values()].map(({ entry, amount, uses }) => ({
        id: randomUUID(),
        ...entry,
        amount,
        uses,
      })),
    );
    this.sums = new Map();
    while (this.unwritten.length > 0) {
      const batch = this.unwritten.slice(0, BATCH);
      await this.insert(batch);
      this.unwritten.splice(0, batch.length);
    }
  }

  private async insert(rows: readonly LogRow[]): Promise<void> {
    const insert = (some: readonly LogRow[]) =>
      this.log
        .createQueryBuilder()
        .insert()
        .values([...some])
        .callListeners(false)
        .execute();
    try {
      await insert(rows);
    } catch (error) {
      const missing = await this.missingOf(rows);
      // Written already, or of a tenant that is no more. Else it is the database, and all are missing still.
      if (missing.length === rows.length) throw error;
      if (missing.length > 0) await insert(missing);
    }
  }

  private async missingOf(rows: readonly LogRow[]): Promise<readonly LogRow[]> {
    const [there, tenants] = await Promise.all([
      this.log.findBy({ id: In(rows.map(({ id }) => id)) }),
      this.central
        .getRepository(Tenant)
        .findBy({ id: In([...new Set(rows.map(({ tenantId }) => tenantId))]) }),
    ]);
    const written = new Set(there.map(({ id }) => id));
    const living = new Set(tenants.map(({ id }) => id));
    return rows.filter(({ id, tenantId }) => !written.has(id) && living.has(tenantId));
  }

  private tellFailure(error: unknown): void {
    this.logger.error(`The usage log could not be written; it is tried again: ${String(error)}`);
  }

  private get log() {
    return this.central.getRepository(QuotaLogEntry);
  }
}
