import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { NotToBeCopiedError } from '../database/engines/schema-copies.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { describe } from '../tenant/errors.js';
import { aloneInDatabase, type SchemaSession } from './alone-in-database.js';
import { KnownMigrations } from './known-migrations.js';
import { SchemaStore } from './schema-store.js';
import { SchemaTemplate } from './schema-template.entity.js';
import { TemplateStore } from './template-store.js';

type NewTenant = Pick<CurrentTenant, 'id' | 'slug' | 'placement'>;

/** Milliseconds that a creation waits for another that is at work on the same tenant. */
const LOCK_TIMEOUT = 10_000;

/**
 * Makes new databases what the migrations would, without running them: from a dump of one that was migrated. It is learnt
 * from the first two tenants that are created on a server, and used when both turned out the same: what differs, a time or
 * a random id in a row, has to come from the migration itself. The first use in each process is compared with the dump.
 */
@Injectable()
export class SchemaTemplates {
  private readonly logger = new Logger('TenancyMigrations');
  private readonly wanted: boolean;
  /** Dumps that were used here and made what they should, by server. */
  private readonly proven = new Map<string, readonly string[]>();
  /** Servers whose migrations have to run in each tenant. */
  private readonly refused = new Set<string>();

  constructor(
    private readonly pools: ConnectionPoolManager,
    private readonly known: KnownMigrations,
    private readonly schemas: SchemaStore,
    private readonly store: TemplateStore,
    @Inject(TENANCY_OPTIONS) private readonly options: ResolvedTenancyOptions,
  ) {
    this.wanted = options.tenants.template;
  }

  /**
   * Makes a new, empty database of the template.
   * @returns false when it is as empty as before, because there is none that fits
   */
  async make(tenant: NewTenant): Promise<boolean> {
    const { server } = tenant.placement;
    if (!this.wanted || this.refused.has(server)) return false;
    const startedAt = performance.now();
    const dump = this.proven.get(server);
    const made = dump === undefined ? await this.prove(tenant) : await this.replay(tenant, dump);
    if (made !== true) {
      if (made !== undefined) await this.startOver(tenant, made);
      return false;
    }
    const applied = this.known.all.map(({ name, checksum }) => ({ name, checksum }));
    const milliseconds = Math.round(performance.now() - startedAt);
    const times = { milliseconds, migratedAt: new Date() };
    await this.schemas.write(tenant.id, { applied, halfWay: null, failure: null }, times);
    return true;
  }

  /** Looks at a database that its migrations have just made. What goes wrong is told, and no reason not to go on. */
  async learn(tenant: NewTenant): Promise<void> {
    const { server } = tenant.placement;
    if (!this.wanted || this.refused.has(server) || this.proven.has(server)) return;
    try {
      await aloneInDatabase(this.pools, tenant, LOCK_TIMEOUT, async (session) => {
        const circumstances = await this.circumstancesOf(session);
        const stored = await this.store.find(this.keyOf(server));
        const isNew = stored === null || stored.circumstances !== circumstances;
        if (!isNew && stored.state === 'refused') this.refused.add(server);
        if (!isNew && (stored.state !== 'candidate' || stored.madeFrom === tenant.id)) return;
        await this.compare(session, tenant, circumstances, isNew ? undefined : stored);
      });
    } catch (error) {
      this.logger.error(
        `Tenant "${tenant.slug}" was migrated, but no template could be made of it: ${describe(error)}. New tenants ` +
          'are migrated until that succeeds.',
      );
    }
  }

  private async compare(
    { queryRunner, changes }: SchemaSession,
    { id, placement: { server } }: NewTenant,
    circumstances: string,
    candidate: SchemaTemplate | undefined,
  ): Promise<void> {
    const key = this.keyOf(server);
    const template = { ...key, circumstances, madeFrom: id, refusal: null, madeAt: new Date() };
    let dump: readonly string[];
    try {
      dump = await changes.copies.dump(queryRunner);
    } catch (error) {
      if (!(error instanceof NotToBeCopiedError)) throw error;
      await this.store.save({ ...template, state: 'candidate', dump: [] });
      return this.refuse(server, error.message);
    }
    if (candidate === undefined) return this.store.save({ ...template, state: 'candidate', dump });
    const difference = differenceOf(candidate.dump, dump);
    if (difference === undefined) return this.store.confirm(key);
    await this.refuse(
      server,
      `two tenants that the same migrations made differ in: ${difference}. What is to differ belongs into ` +
        'tenants.seed; else give it a value in the migration',
    );
  }

  /**
   * The first use in this process: with a look at what came of it.
   * @returns true; undefined when nothing was done; or why it does not fit
   */
  private async prove(tenant: NewTenant): Promise<true | undefined | Error> {
    const { server } = tenant.placement;
    const stored = await this.store.find(this.keyOf(server));
    if (stored?.state !== 'confirmed') return undefined;
    const { dump } = stored;
    const made = await aloneInDatabase(this.pools, tenant, LOCK_TIMEOUT, async (session) => {
      if ((await this.circumstancesOf(session)) !== stored.circumstances) return undefined;
      const replayed = await replayIn(session, dump);
      if (replayed !== true) return replayed;
      const now = await session.changes.copies.dump(session.queryRunner);
      const difference = differenceOf(dump, now);
      return difference === undefined || new Error(`what it makes differs in: ${difference}`);
    });
    if (made === true) this.proven.set(server, dump);
    return made;
  }

  private replay(tenant: NewTenant, dump: readonly string[]): Promise<true | Error> {
    return aloneInDatabase(this.pools, tenant, LOCK_TIMEOUT, (session) => replayIn(session, dump));
  }

  /** The migrations want an empty database, as nobody else has been in it: it is made anew. */
  private async startOver(tenant: NewTenant, { message }: Error): Promise<void> {
    const { server, database } = tenant.placement;
    this.proven.delete(server);
    await this.refuse(server, message);
    const administration = this.pools.administration(server);
    await this.pools.drain(tenant);
    await administration.dropDatabase(database);
    await administration.createDatabase(database);
  }

  private async refuse(server: string, reason: string): Promise<void> {
    this.refused.add(server);
    await this.store.refuse(this.keyOf(server), reason);
    this.logger.warn(
      `New tenants on server "${server}" are migrated, not made from a template of the schema: ${reason}. To have it ` +
        'tried again, delete its row of tenancy_templates and restart the app; to be told no more, set tenants.template ' +
        'to false.',
    );
  }

  private async circumstancesOf({ queryRunner, changes }: SchemaSession): Promise<string> {
    const table = this.options.tenants.typeorm?.migrationsTableName ?? 'migrations';
    return `${await changes.copies.circumstances(queryRunner)} ${table}`.slice(0, 255);
  }

  private keyOf(server: string) {
    return { server, fingerprint: this.known.fingerprint };
  }
}

/** @returns why the dump does not fit; throws what has nothing to do with it */
async function replayIn(
  { queryRunner, changes }: SchemaSession,
  dump: readonly string[],
): Promise<true | Error> {
  try {
    await changes.copies.replay(queryRunner, dump);
    return true;
  } catch (error) {
    // Where the session has come to its end, nobody knows; where it lives, the server has refused a statement.
    await queryRunner.query('SELECT 1').catch(() => {
      throw error;
    });
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What the first statement that differs makes or fills, without the values in it. */
function differenceOf(before: readonly string[], now: readonly string[]): string | undefined {
  const length = Math.max(before.length, now.length);
  for (let index = 0; index < length; index += 1) {
    if (before[index] === now[index]) continue;
    const [head] = (now[index] ?? before[index]).split(/[(\n]/, 1);
    return head.slice(0, 100).trim();
  }
  return undefined;
}
