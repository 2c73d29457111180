import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runDetached } from '../../context/tenant-context.js';
import { ConnectionPoolManager } from '../../database/connection-pool-manager.js';
import { TenantRegistry } from '../../tenant/tenant-registry.js';
import { CENTRAL_DATA_SOURCE } from '../../tenant/tokens.js';
import { Turns } from '../../tenant/turns.js';
import { CENTRAL_CHAIN } from '../audit-entry.js';
import { ChainWriter } from '../chain-writer.js';
import { AuditedEntities } from './audited-entities.js';
import type { OutboxPlace } from './entity-audit.subscriber.js';
import { readOutbox, removeFromOutbox, type Database, type Waiting } from './outbox.js';

/** Rows in one transaction. */
const BATCH = 200;
/** Outboxes that a process empties at once: the rest of the connections is left to requests. */
const AT_ONCE = 2;

/**
 * Brings what waits in outboxes into its chains: after each commit, and before a chain is read. A row is deleted once its
 * entry is committed, and an entry that is there already is not added: whatever process is killed, and however many
 * forward at once, each comes into its chain once. What cannot be brought stays for the next time.
 */
@Injectable()
export class OutboxForwarder implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private readonly turns = new Turns(AT_ONCE);
  /** By chain: one that has not begun, and so will find all that is committed by now. */
  private readonly waiting = new Map<string, Promise<void>>();
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly pools: ConnectionPoolManager,
    private readonly registry: TenantRegistry,
    private readonly writer: ChainWriter,
    private readonly audited: AuditedEntities,
  ) {}

  /** There is something at `place`. It is brought without anybody waiting for it. */
  notice(place: OutboxPlace): void {
    this.forward(place).catch((error: unknown) => this.logFailure(place.chain, error));
  }

  /** Brings what a chain lacks of what is committed. @throws what keeps it from being brought */
  async settle(chain: string): Promise<void> {
    const place = await runDetached('find an outbox', () => this.placeOf(chain));
    if (place !== undefined) await this.forward(place);
  }

  /** The same for whoever can do without, of some chains or of all; what keeps them from being brought is logged. */
  async settleIfPossible(...some: readonly string[]): Promise<void> {
    const chains = some.length > 0 ? some : await this.allChains();
    for (const chain of chains) {
      await this.settle(chain).catch((error: unknown) => this.logFailure(chain, error));
    }
  }

  /** Before the connections are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    while (this.waiting.size + this.running.size > 0) {
      await Promise.allSettled([...this.waiting.values(), ...this.running.values()]);
    }
  }

  private async placeOf(chain: string): Promise<OutboxPlace | undefined> {
    if (chain === CENTRAL_CHAIN) return this.audited.ofCentral.size > 0 ? { chain } : undefined;
    if (this.audited.ofTenants.size === 0) return undefined;
    const tenant = await this.registry.lookup({ kind: 'id', value: chain });
    // One that is deleted is not reached; its chain goes with it.
    return tenant === null ? undefined : { chain, tenant };
  }

  private async allChains(): Promise<readonly string[]> {
    const chains = [CENTRAL_CHAIN];
    if (this.audited.ofTenants.size === 0) return chains;
    for await (const { id } of runDetached('list tenants', () => this.registry.all())) {
      chains.push(id);
    }
    return chains;
  }

  /** One after the other for a chain, and one for all that ask until it begins. */
  private forward(place: OutboxPlace): Promise<void> {
    const { chain } = place;
    const known = this.waiting.get(chain);
    if (known !== undefined) return known;
    const before = this.running.get(chain);
    // Not in the context of whoever came first, which may be in a transaction, or end before it does.
    const next = runDetached('forward the audit outbox', async () => {
      // How that one ended, its own callers are told.
      await before?.catch(() => undefined);
      await this.forwardAll(place, () => {
        this.waiting.delete(chain);
        this.running.set(chain, next);
      });
    }).finally(() => {
      if (this.running.get(chain) === next) this.running.delete(chain);
    });
    this.waiting.set(chain, next);
    return next;
  }

  private async forwardAll(place: OutboxPlace, begin: () => void): Promise<void> {
    for (let isFirst = true; ; isFirst = false) {
      const more = await this.turns.take(() => {
        if (isFirst) begin();
        return this.forwardSome(place);
      });
      if (!more) return;
    }
  }

  /** @returns whether there may be more */
  private async forwardSome({ chain, tenant }: OutboxPlace): Promise<boolean> {
    if (tenant === undefined) return this.forwardFrom(chain, this.central);
    // Kept while the chain is locked: nobody has to wait for this one to find a connection.
    const queryRunner = this.pools.dataSource(tenant).createQueryRunner('master');
    try {
      return await this.forwardFrom(chain, queryRunner, queryRunner);
    } finally {
      await queryRunner.release();
    }
  }

  /** @param reading what the outbox is read by while the chain is locked; by default what locks it */
  private async forwardFrom(chain: string, outbox: Database, reading?: Database): Promise<boolean> {
    if ((await readOutbox(outbox, chain, 1)).length === 0) return false;
    let rows: readonly Waiting[] = [];
    await this.writer.take(chain, async (manager) => {
      rows = await readOutbox(reading ?? manager, chain, BATCH);
      return rows.map(({ entry }) => entry);
    });
    await removeFromOutbox(outbox, rows);
    return rows.length === BATCH;
  }

  private logFailure(chain: string, error: unknown): void {
    this.logger.error(
      `Changes of audited entities wait in the outbox for the chain "${chain}" until the next time: ${String(error)}`,
    );
  }
}
