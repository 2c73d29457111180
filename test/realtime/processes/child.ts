import 'reflect-metadata';
import { TenantService, type TenancyModuleOptions } from '../../../lib/index.js';
import type { EngineSetup } from '../../support/engines.js';
import { startSocketsApp, type SocketsApp } from '../support/sockets-app.js';
import { ChatGateway, RedisIoAdapter } from './chat.js';

// One process of an app that has several: takes sockets, and suspends tenants.

export type Order =
  | { readonly start: Omit<EngineSetup, 'cleanUp' | 'admin'>; readonly redis: string }
  | { readonly suspend: string };

export type Done = { readonly port: number } | { readonly failed: string };

let app: SocketsApp;

/** The options of every process of the app. */
export function optionsOf(redis: string): TenancyModuleOptions {
  // So long that only a signal can be why a change is seen.
  return { redis: { url: redis }, registry: { ttl: 600_000 } };
}

async function obey(order: Order): Promise<void> {
  if ('suspend' in order) {
    await app.nest.get(TenantService).suspend(order.suspend);
    return;
  }
  app = await startSocketsApp({
    setup: { ...order.start, cleanUp: async () => {} },
    adapter: (nest) => new RedisIoAdapter(nest, order.redis),
    options: optionsOf(order.redis),
    providers: [ChatGateway],
  });
}

process.on('message', (order: Order) => {
  obey(order).then(
    () => process.send?.({ port: app.port } satisfies Done),
    (error: unknown) => process.send?.({ failed: String(error) } satisfies Done),
  );
});
