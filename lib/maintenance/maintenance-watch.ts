import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import { runDetached } from '../context/tenant-context.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { Signals } from '../redis/signals.js';
import type { MaintenanceGate, Visitor } from '../tenant/maintenance-gate.js';
import type { MaintenanceActiveError } from './errors.js';
import { KnownMaintenance } from './known-maintenance.js';
import { MaintenanceNotices } from './maintenance-notices.js';
import { MaintenanceStore, type Scope } from './maintenance-store.js';

/** The topic of {@link Signals} on which it is told whose maintenance was written, once it is committed. */
const MAINTENANCE_CHANGES = 'maintenance';

interface MaintenanceChange {
  readonly scope: Scope;
}

/** Milliseconds after which what could not be read is read again. */
const RETRY = 1_000;
/** The longest time that a timer can have. */
const LONGEST = 2 ** 31 - 1;

/**
 * Keeps all maintenances in memory, from the first time that it is asked. What another process writes is read within
 * milliseconds where they share a Redis; without one, and while it is down, by the time that `registry.ttl` is over:
 * everything is read twice in that time, and what is older is read again before anybody is served. When a maintenance
 * begins and ends by itself, each process knows by its own clock.
 */
@Injectable()
export class MaintenanceWatch implements MaintenanceGate, BeforeApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private readonly ttl: number;
  private readonly listeners: ((tenantId?: string) => void)[] = [];
  private readonly known = new KnownMaintenance();
  /** Those in force that the listeners were told of. */
  private told: ReadonlyMap<string, Scope> = new Map();
  /** When everything was read, by the clock that nobody sets; undefined until somebody asks. */
  private readAt?: number;
  /** Whose are to be read; undefined stands for everybody's. */
  private readonly unread = new Set<Scope | undefined>();
  private reading?: Promise<void>;
  /** What is told of in the background, one after the other. */
  private settling: Promise<void> = Promise.resolve();
  private failing = false;
  private timer?: NodeJS.Timeout;
  private stopped = false;

  constructor(
    private readonly store: MaintenanceStore,
    private readonly notices: MaintenanceNotices,
    private readonly signals: Signals,
    @Inject(TENANCY_OPTIONS) { registry }: Pick<ResolvedTenancyOptions, 'registry'>,
  ) {
    this.ttl = registry.ttl;
    signals.on(MAINTENANCE_CHANGES, {
      receive: (change) => this.readAgain((change as MaintenanceChange).scope),
      missed: () => this.readAgain(),
    });
  }

  /** @throws what the central database refuses to be read with, where what is known is too old */
  refusalOf(
    { id }: Pick<CurrentTenant, 'id' | 'slug'>,
    visitor?: Visitor,
  ): MaintenanceActiveError | undefined | Promise<MaintenanceActiveError | undefined> {
    if (this.readAt !== undefined && performance.now() - this.readAt < this.ttl) {
      return this.known.refusalOf(id, visitor);
    }
    return this.read().then(() => this.known.refusalOf(id, visitor));
  }

  onChange(listener: (tenantId?: string) => void): void {
    this.listeners.push(listener);
  }

  /** Tells all processes that a maintenance was written. It is in force in this one when the promise resolves. */
  async changed(scope: Scope): Promise<void> {
    await this.signals.publish(MAINTENANCE_CHANGES, { scope } satisfies MaintenanceChange);
    // What is written is written. That it could not be read is logged, and it is tried again.
    await this.reading?.catch(() => {});
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.reading?.catch(() => {});
    // What was noted as told is to be told: nobody else will.
    await this.settling;
  }

  /** Reads what may have changed; nothing while nobody has asked for it yet. */
  private readAgain(scope?: Scope): void {
    const isAsked = this.readAt !== undefined || this.reading !== undefined;
    if (!isAsked || this.stopped) return;
    // A failure is logged, and it is tried again.
    this.read(scope).catch(() => {});
  }

  /** Whoever comes while something is read waits for what it asks for, too. */
  private read(scope?: Scope): Promise<void> {
    this.unread.add(scope);
    // Detached: it is not the request that happens to ask first that it is read for.
    this.reading ??= runDetached('read who is in maintenance', () => this.readAll());
    return this.reading;
  }

  private async readAll(): Promise<void> {
    try {
      while (this.unread.size > 0) await this.readNext();
      this.failing = false;
    } catch (error) {
      this.unread.clear();
      this.tellFailure(error);
      throw error;
    } finally {
      this.reading = undefined;
      this.arm();
    }
    const now = Date.now();
    const due = this.known.due(now);
    if (due.length > 0) this.settling = this.settling.then(() => this.notices.settle(due, now));
  }

  private async readNext(): Promise<void> {
    const [first] = this.unread;
    const scope = this.unread.has(undefined) ? undefined : first;
    // Before it is read: what is written from now on may not be in what comes.
    if (scope === undefined) this.unread.clear();
    else this.unread.delete(scope);
    const readAt = performance.now();
    this.known.take(scope, await this.store.read(scope));
    if (scope === undefined) this.readAt = readAt;
    this.tellChanges();
  }

  /** For the next beginning or end, and to read everything again. */
  private arm(): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    const now = Date.now();
    const pause = this.failing ? RETRY : this.ttl / 2;
    const wait = Math.min(this.known.nextTurn(now) - now, pause, LONGEST);
    this.timer = setTimeout(() => {
      this.tellChanges();
      this.readAgain();
    }, wait).unref();
  }

  private tellChanges(): void {
    const before = this.told;
    this.told = this.known.inForce(Date.now());
    const changed = new Set([
      ...[...before].filter(([name]) => !this.told.has(name)).map(([, scope]) => scope),
      ...[...this.told].filter(([name]) => !before.has(name)).map(([, scope]) => scope),
    ]);
    for (const scope of changed) {
      for (const listener of this.listeners) listener(scope ?? undefined);
    }
  }

  private tellFailure(error: unknown): void {
    // Once, not at every attempt.
    if (!this.failing) {
      this.logger.error(
        `Who is in maintenance could not be read; it is tried again: ${String(error)}`,
      );
    }
    this.failing = true;
  }
}
