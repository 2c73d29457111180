import 'reflect-metadata';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { TenancyModuleOptions } from '../../lib/index.js';
import { Signals } from '../../lib/redis/signals.js';
import type { EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { startApiKeyApp, type ApiKeyApp } from './api-key-app.js';

// One process of an app that has several: ends keys of the tenant `acme`, or sends one until it is answered with a status.

export type Order =
  | {
      readonly start: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'>;
      readonly options: TenancyModuleOptions;
    }
  | { readonly revoke: string }
  | { readonly rotate: string }
  | { readonly send: string; readonly until: number };

/** When an order was done, in milliseconds on the clock that all processes share. */
export type Done = { readonly at: number } | { readonly failed: string };

const now = () => performance.timeOrigin + performance.now();

let app: ApiKeyApp;

async function start(setup: EngineSetup, options: TenancyModuleOptions): Promise<void> {
  app = await startApiKeyApp(setup, new FastifyAdapter(), options);
  // Until it hears the others, it cannot be held to what they say.
  await new Promise<void>((resolve) => {
    app.nest.get(Signals).on('api-keys', { receive: () => {}, missed: resolve });
  });
}

async function statusOf(key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  return (await ask(app.nest, '/invoices', { host: 'acme.localhost', headers })).status;
}

async function obey(order: Order): Promise<void> {
  if ('start' in order) {
    await start({ ...order.start, cleanUp: async () => {} }, order.options);
  } else if ('revoke' in order) {
    await app.tenancy.run('acme', () => app.apiKeys.revoke(order.revoke));
  } else if ('rotate' in order) {
    await app.tenancy.run('acme', () => app.apiKeys.rotate(order.rotate, { overlap: 0 }));
  } else {
    while ((await statusOf(order.send)) !== order.until);
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    () => process.send?.({ at: now() } satisfies Done),
    (error: unknown) => process.send?.({ failed: String(error) } satisfies Done),
  );
});
process.on('disconnect', () => process.exit());
