/**
 * The app server of `bench:pool` and `test:load`: a process of its own, started by `pool/app-process.ts`. As `server.ts`,
 * it takes its {@link PoolAppSettings} by the first message, answers with the port, and each message after that with
 * its figures.
 */
import 'reflect-metadata';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ConnectionPoolManager, type PoolStats } from 'nestjs-tenancy';
import { cpuWait } from '../load/cpu-wait.js';
import type { PoolAppSettings } from './pool-settings.js';
import { ErrorTally } from './error-tally.js';

/** What an app server is asked. */
export interface PoolAppQuestion {
  /** Collect garbage first, so that `heap` is what is reachable. The process needs `--expose-gc`. */
  readonly collectGarbage: boolean;
}

/** The figures of an app server. */
export interface PoolAppReport {
  /** MB. */
  readonly heap: number;
  /** Resident memory in MB. */
  readonly rss: number;
  /** What keeps the event loop alive, by node's names: `Timeout`, `TCPSocketWrap`, … */
  readonly resources: Readonly<Record<string, number>>;
  /** See `load/cpu-wait.ts`. */
  readonly cpuWait?: number;
  /** Seconds since the process started. */
  readonly uptime: number;
  /** Errors that the app logged since it started, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of the variant `tenancy`. */
  readonly pools?: PoolStats;
}

async function serve(settings: PoolAppSettings): Promise<void> {
  const errors = new ErrorTally();
  const app = await NestFactory.create(await poolModule(settings), new FastifyAdapter(), {
    logger: errors,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  const pools =
    settings.variant === 'tenancy' ? app.get(ConnectionPoolManager, { strict: false }) : undefined;

  process.on('message', ({ collectGarbage }: PoolAppQuestion) => {
    if (collectGarbage) globalThis.gc?.();
    const report: PoolAppReport = {
      heap: process.memoryUsage().heapUsed / 1024 ** 2,
      rss: process.memoryUsage.rss() / 1024 ** 2,
      resources: count(process.getActiveResourcesInfo()),
      cpuWait: cpuWait(),
      uptime: process.uptime(),
      errors: errors.counts,
      ...(pools !== undefined && { pools: pools.stats() }),
    };
    process.send?.(report);
  });
  process.send?.({ port: app.getHttpServer().address().port });
}

async function poolModule(settings: PoolAppSettings): Promise<DynamicModule> {
  switch (settings.variant) {
    case 'tenancy':
      return (await import('./pool-tenancy.js')).PoolTenancyModule.with(settings);
    case 'request-scope':
      return (await import('./pool-request-scope.js')).poolRequestScope(settings);
    case 'first-come':
      return (await import('./pool-first-come.js')).PoolFirstComeModule.with(settings);
  }
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

process.once('message', (settings: PoolAppSettings) => void serve(settings));
process.once('disconnect', () => process.exit());
