/** A kind of request that the app's handlers answer. */
export const HANDLERS = ['ping', 'select', 'transaction'] as const;
export type Handler = (typeof HANDLERS)[number];

/** How requests are distributed over tenants: evenly, or by Zipf's law, the n-th tenant getting 1/n of the first's. */
export const DISTRIBUTIONS = ['even', 'zipf'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

/** What the load generator is asked to do to one app server. */
export interface Load {
  readonly port: number;
  /** An API key for each tenant; default none is shown. */
  readonly keys?: readonly string[];
  readonly handler: Handler;
  readonly tenants: number;
  readonly distribution: Distribution;
  /** Requests under way at once, each on a connection of its own. */
  readonly connections: number;
  readonly seconds: number;
}

/** What the load generator saw. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds, as the client saw them. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** The share of one core that the load generator itself took: near 1 it was the bottleneck. */
  readonly busy: number;
  /** Set when a response was not the one expected. Nothing is measured then. */
  readonly wrong?: string;
}
