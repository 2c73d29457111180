/**
 * An app server of a bench: a process of its own, started by `harness/app-process.ts`. The first message is its
 * {@link AppSettings}, which hold a password and so are on no command line; it answers with the port, and to each message
 * after that with its figures. It ends with its parent.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { RequestSpans } from './request-spans.js';
import type { AppSettings } from './settings.js';
import { variantModule } from './variant-module.js';

/** The figures of an app server. */
export interface AppReport {
  /** CPU time of the process since it started, all threads, in milliseconds. */
  readonly cpu: number;
  /** Resident memory in MB. */
  readonly rss: number;
  /** With `settings.spans`: those since the last report, in milliseconds. */
  readonly spans: readonly number[];
}

async function serve(settings: AppSettings): Promise<void> {
  const adapter = settings.adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(await variantModule(settings), adapter, {
    logger: ['error', 'warn', 'fatal'],
  });
  await app.listen(0, '127.0.0.1');
  const spans = settings.spans ? new RequestSpans(app.getHttpServer()) : undefined;

  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const report: AppReport = {
      cpu: (user + system) / 1000,
      rss: process.memoryUsage.rss() / 1024 ** 2,
      spans: spans?.take() ?? [],
    };
    process.send?.(report);
  });
  const keys =
    settings.variant === 'whole-stack'
      ? await (await import('./whole-stack.js')).issueKeys(app, settings.tenants ?? 0)
      : undefined;
  process.send?.({ port: app.getHttpServer().address().port, keys });
}

process.once('message', (settings: AppSettings) => void serve(settings));
process.once('disconnect', () => process.exit());
