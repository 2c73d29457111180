import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { inspect } from 'node:util';
import {
  ConnectionPoolManager,
  Tenancy,
  TenancyError,
  TenancyModule,
  TenantService,
  type TenancyOptions,
} from '../../lib/index.js';
import { SilentLogger } from '../support/silent-logger.js';

// An app as its own process: starts with the options that it is sent, uses two tenants' databases when told to, and
// closes by `close` or by a signal. It says when an order is done, or how it failed. It never calls process.exit: what
// is left open keeps it alive.

@Module({})
class Root {}

/** What the test is told of an error. */
export interface Failure {
  readonly code?: string;
  readonly message: string;
  /** All that could be printed of it. */
  readonly printed: string;
}

type Order = { readonly start: TenancyOptions } | 'use' | 'close';

let app: Awaited<ReturnType<typeof start>> | undefined;

async function start(options: TenancyOptions) {
  const started = await NestFactory.createApplicationContext(
    { module: Root, imports: [TenancyModule.forRoot(quiet(options))] },
    { logger: false, abortOnError: false },
  );
  return started.enableShutdownHooks();
}

/** A migration that fails would be printed. */
function quiet(options: TenancyOptions): TenancyOptions {
  const { central } = options;
  const typeorm = { ...central?.typeorm, logger: new SilentLogger() };
  return { ...options, central: { ...central, typeorm } };
}

async function use(): Promise<void> {
  if (app === undefined) throw new Error('Start it first.');
  const tenants = app.get(TenantService);
  const tenancy = app.get(Tenancy);
  const pools = app.get(ConnectionPoolManager);
  for (const slug of ['one', 'two']) {
    await tenants.create({ slug });
    await tenancy.run(slug, () =>
      pools.dataSource(tenancy.require()).query('SELECT COUNT(*) AS n FROM cache'),
    );
  }
}

async function obey(order: Order): Promise<void> {
  if (order === 'use') await use();
  else if (order === 'close') await app?.close();
  else app = await start(order.start);
}

function failure(error: unknown): Failure {
  return {
    ...(error instanceof TenancyError && { code: error.code }),
    message: error instanceof Error ? error.message : String(error),
    printed: inspect(error, { depth: 20, showHidden: true }),
  };
}

process.on('message', (order: Order) => {
  // Else the channel to the test would keep it alive after its last order.
  if (order === 'close') process.disconnect();
  const answer = (what: 'done' | Failure) => process.connected && process.send?.(what);
  obey(order).then(
    () => answer('done'),
    (error: unknown) => answer(failure(error)),
  );
});
