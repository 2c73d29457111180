import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Touch } from './touch.js';

export interface HeapPerTenant {
  /** KB that the process keeps for each tenant it has touched, by the size of the heap after a garbage collection. */
  readonly kilobytes: number;
  /** Tenants touched per second. */
  readonly rate: number;
  /** Milliseconds: the 99th percentile of how late the event loop was meanwhile. */
  readonly eventLoopDelay: number;
}

/** Touches the tenants from `first` up to but without `end`. What is not per tenant must be there before. */
export async function measureHeapPerTenant(
  touch: Touch,
  first: number,
  end: number,
  concurrency: number,
): Promise<HeapPerTenant> {
  const before = await heapInUse();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  await touch.tenants(first, end, concurrency);
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  const after = await heapInUse();
  return {
    kilobytes: (after - before) / 1024 / (end - first),
    rate: (end - first) / seconds,
    eventLoopDelay: delay.percentile(99) / 1e6,
  };
}

/** In bytes, of what is reachable. Twice, a turn apart: finalizers and settled promises let go of some only then. */
async function heapInUse(): Promise<number> {
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed;
}
