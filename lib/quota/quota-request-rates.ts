import { Injectable } from '@nestjs/common';
import type { RateState, RequestRate, RequestRates } from '../context/request-rates.js';
import { toParts } from './amounts.js';
import { QuotaPeriods } from './quota-periods.js';
import { QuotaStores } from './store/quota-stores.js';

/** Milliseconds that a count is kept after its minute: for clocks that differ. */
const KEPT = 60_000;

/** Rates of requests, counted where quotas are: exact over all processes, in one round trip. */
@Injectable()
export class QuotaRequestRates implements RequestRates {
  private readonly periods = new QuotaPeriods();

  constructor(private readonly stores: QuotaStores) {}

  async count({ tenantId, name, perMinute }: RequestRate): Promise<RateState> {
    const now = Date.now();
    const { label, end } = this.periods.at(now, 'minute', 'UTC');
    const counter = { tenantId, key: name, period: label, expiresAt: end + KEPT };
    const take = { counter, amount: toParts(1), limit: toParts(perMinute) };
    const { refused } = await this.stores.take([take], now);
    return { refused: refused !== undefined, resetsAt: new Date(end) };
  }
}
