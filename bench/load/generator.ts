/**
 * The load generator: a process of its own, so that neither the app nor the command shares its event loop. It answers
 * each {@link Load} with a {@link LoadResult}. Every response is compared with the row that the request asked for: a
 * variant that served another tenant's row, or an error, is reported instead of measured.
 */
import { performance } from 'node:perf_hooks';
import { inOrder, quantile } from '../harness/statistics.js';
import { KeepAliveConnection } from './keep-alive-connection.js';
import type { Load, LoadResult } from './load.js';
import { prepareRequests } from './requests.js';

async function run(load: Load): Promise<LoadResult> {
  const requests = prepareRequests(load);
  const latencies: number[] = [];
  let next = 0;
  let wrong: string | undefined;

  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => KeepAliveConnection.open(load.port)),
  );
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const end = start + load.seconds * 1000;
  await Promise.all(
    connections.map(async (connection) => {
      for (let now = start; now < end && wrong === undefined;) {
        const { text, expected } = requests[next++ % requests.length];
        const response = await connection.send(text);
        if (!response.includes(expected)) wrong = `${text}expected ${expected}, got\n${response}`;
        const answered = performance.now();
        latencies.push(answered - now);
        now = answered;
      }
    }),
  );
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  connections.forEach((connection) => connection.close());

  const ordered = inOrder(latencies);
  return {
    requests: latencies.length,
    seconds: elapsed / 1000,
    latency: {
      p50: quantile(ordered, 0.5),
      p95: quantile(ordered, 0.95),
      p99: quantile(ordered, 0.99),
    },
    busy: (user + system) / 1000 / elapsed,
    ...(wrong !== undefined && { wrong }),
  };
}

process.on('message', (load: Load) => void run(load).then((result) => process.send?.(result)));
process.once('disconnect', () => process.exit());
