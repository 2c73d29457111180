import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What a tenant took of a server's connections in the last one to two minutes. */
export interface TenantUse {
  readonly database: string;
  readonly leases: number;
  /** Milliseconds that its leases were held, added up. */
  readonly held: number;
  /** Milliseconds that its callers waited for a connection, added up. */
  readonly waited: number;
}

/** Why a connection was closed. */
export type CloseReason = 'idle' | 'broken' | 'drained' | 'failover' | 'shutdown';

/** Tenants that are named, however many there are. */
const BUSIEST = 10;
/** Milliseconds that a window of measurements is open; the last two are reported. */
const WINDOW = 60_000;

type Use = { leases: number; held: number; waited: number };

class Window {
  readonly holds: RecordableHistogram = createHistogram();
  readonly waits: RecordableHistogram = createHistogram();
  readonly uses = new Map<string, Use>();

  constructor(readonly start: number) {}

  useOf(database: string): Use {
    const known = this.uses.get(database);
    if (known !== undefined) return known;
    const use = { leases: 0, held: 0, waited: 0 };
    this.uses.set(database, use);
    return use;
  }
}

/** How a lease was served: as it was, turned to the tenant, or by a new connection. */
type Service = 'reused' | 'turned' | 'opened';
/** Why a caller got none: it waited too long, found the line full, or went away. */
type Refusal = 'timeouts' | 'refused' | 'aborted';

/** What a pool has done: counted since it was made, timed over the last one to two minutes. */
export class PoolStatistics {
  private readonly services: Record<Service, number> = { reused: 0, turned: 0, opened: 0 };
  private readonly refusals: Record<Refusal, number> = { timeouts: 0, refused: 0, aborted: 0 };
  private readonly closings: Record<CloseReason, number> = {
    idle: 0,
    broken: 0,
    drained: 0,
    failover: 0,
    shutdown: 0,
  };
  private current = new Window(performance.now());
  private previous?: Window;

  served(service: Service): void {
    this.services[service] += 1;
  }

  gaveUp(refusal: Refusal): void {
    this.refusals[refusal] += 1;
  }

  closed(reason: CloseReason): void {
    this.closings[reason] += 1;
  }

  /** @param duration milliseconds */
  held(database: string, duration: number): void {
    this.current.holds.record(microseconds(duration));
    const use = this.current.useOf(database);
    use.leases += 1;
    use.held += duration;
  }

  /** @param duration milliseconds */
  waited(database: string, duration: number): void {
    this.current.waits.record(microseconds(duration));
    this.current.useOf(database).waited += duration;
  }

  /** Begins a new window when the time has come. To be called now and then. */
  turnOver(now: number): void {
    if (now - this.current.start < WINDOW) return;
    this.previous = this.current;
    this.current = new Window(now);
  }

  summary() {
    const { reused, turned, opened } = this.services;
    const leases = reused + turned + opened;
    return {
      ...this.services,
      reuseRate: leases === 0 ? 0 : (reused + turned) / leases,
      ...this.refusals,
      closed: { ...this.closings },
      wait: percentiles(this.current.waits, this.previous?.waits),
      hold: percentiles(this.current.holds, this.previous?.holds),
      busiest: this.busiest(),
    };
  }

  private busiest(): readonly TenantUse[] {
    const uses = new Map(this.previous?.uses);
    for (const [database, { leases, held, waited }] of this.current.uses) {
      const before = uses.get(database) ?? { leases: 0, held: 0, waited: 0 };
      uses.set(database, {
        leases: before.leases + leases,
        held: before.held + held,
        waited: before.waited + waited,
      });
    }
    const all = [...uses].map(([database, use]) => ({ database, ...use }));
    return all.toSorted((a, b) => b.held + b.waited - (a.held + a.waited)).slice(0, BUSIEST);
  }
}

/** A histogram takes whole numbers from 1 on. */
function microseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1_000));
}

function percentiles(current: RecordableHistogram, previous?: RecordableHistogram): Percentiles {
  const all = createHistogram();
  all.add(current);
  if (previous !== undefined) all.add(previous);
  if (all.count === 0) return { p50: 0, p95: 0, p99: 0, max: 0 };
  const at = (percentile: number) => all.percentile(percentile) / 1_000;
  return { p50: at(50), p95: at(95), p99: at(99), max: all.max / 1_000 };
}
