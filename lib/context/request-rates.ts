/** How often something of a tenant's may ask. */
export interface RequestRate {
  readonly tenantId: string;
  /** What asks, such as `api-key:4f0c2b9a7d1e8c35`: up to 64 characters, unique in its tenant. */
  readonly name: string;
  readonly perMinute: number;
}

/** How something stands with its rate. */
export interface RateState {
  readonly refused: boolean;
  /** When the minute is over. */
  readonly resetsAt: Date;
}

/** Counts requests; implemented by the quotas, a room above. */
export interface RequestRates {
  /** Counts a request in this minute, unless there were as many as there may be. */
  count(rate: RequestRate): Promise<RateState>;
}

export const REQUEST_RATES = Symbol.for('nestjs-tenancy:request-rates');
