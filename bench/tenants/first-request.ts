import { performance } from 'node:perf_hooks';
import { inOrder, quantile } from '../harness/statistics.js';
import type { Touch } from './touch.js';

/** Milliseconds from asking to the row. */
interface Latency {
  readonly p50: number;
  readonly p95: number;
}

/** The first request to a tenant that this process has not seen, beside one to a tenant that it has. */
export interface FirstRequest {
  readonly unseen: Latency;
  readonly seen: Latency;
  /** What being unseen costs at the median. */
  readonly difference: number;
}

/**
 * One request at a time, unseen and seen in turn, so that both meet the same machine and the same pool. None of the seen
 * tenants has a connection waiting for it (`seen` are all different), so both turn one: the difference is the registry
 * miss and what is made for a tenant once.
 */
export async function measureFirstRequest(
  touch: Touch,
  unseen: readonly number[],
  seen: readonly number[],
): Promise<FirstRequest> {
  const unseenTimes: number[] = [];
  const seenTimes: number[] = [];
  for (const [turn, tenant] of unseen.entries()) {
    unseenTimes.push(await time(touch, tenant));
    seenTimes.push(await time(touch, seen[turn]));
  }
  const [first, later] = [latencyOf(unseenTimes), latencyOf(seenTimes)];
  return { unseen: first, seen: later, difference: first.p50 - later.p50 };
}

async function time(touch: Touch, tenant: number): Promise<number> {
  const start = performance.now();
  await touch.tenant(tenant);
  return performance.now() - start;
}

function latencyOf(times: readonly number[]): Latency {
  const ordered = inOrder(times);
  return { p50: quantile(ordered, 0.5), p95: quantile(ordered, 0.95) };
}
