import type { Distribution } from './load.js';

/** Requests that the clients go on making until they are told to stop, or until there were enough. */
export interface Stream {
  readonly name: string;
  readonly port: number;
  /** Method and path: `GET /projects/:id`, with one of the tenant's rows for `:id`. */
  readonly line: string;
  readonly tenants: number;
  /** The first of them. Default 0. */
  readonly firstTenant?: number;
  /** Default even. */
  readonly distribution?: Distribution;
  readonly pace: Pace;
  /** Requests after which it ends by itself. Default: none. */
  readonly total?: number;
  /** Milliseconds after which a client that has no answer hangs up. Default 30,000. */
  readonly patience?: number;
}

/** So many clients that ask again as soon as they are answered; or so many requests a second, whatever becomes of them. */
export type Pace = { readonly clients: number } | { readonly perSecond: number };

/** What became of one request. */
export interface Answer {
  /** When it was sent, in milliseconds since the epoch, for comparison with what other processes did. */
  readonly at: number;
  /** Milliseconds until its answer was there. */
  readonly took: number;
  /** `ok`, the error's code or status, or {@link HUNG_UP}. */
  readonly outcome: string;
}

export const OK = 'ok';
/** The client did not wait any longer. */
export const HUNG_UP = 'hung up';

/** What the client process is told: start streams beside those that run, or end those that run and tell. */
export type ClientOrder =
  | { readonly start: readonly Stream[] }
  /** `now`: send nothing more. `all`: wait for the streams that end by themselves. */
  | { readonly finish: 'now' | 'all' };

/** The answers of each stream by its name, in the order in which they came, once all are in. */
export interface ClientReport {
  readonly answers?: Readonly<Record<string, readonly Answer[]>>;
  /** The share of one core that the client process took since the last report: near 1 it was the bottleneck. */
  readonly busy: number;
  /** See `cpu-wait.ts`. */
  readonly cpuWait?: number;
  /** Set when the app served another row than the one asked for, or when it is gone. */
  readonly failure?: string;
}

/** The same clock in every process of this machine. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}
