import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setImmediate as turn } from 'node:timers/promises';
import {
  TenancyModule,
  TenantRegistry,
  TenantService,
  type TenancyOptions,
} from '../../../lib/index.js';
import { Signals } from '../../../lib/redis/signals.js';

// One process of an app that has several: does what it is told to its tenants, or watches for what another does.

@Module({})
class Root {}

/** A method of `TenantService`. */
export type ServiceCall = 'create' | 'suspend' | 'update' | 'delete' | 'addDomain' | 'removeDomain';

export type Order =
  | { readonly start: TenancyOptions }
  | { readonly call: ServiceCall; readonly args: readonly unknown[] }
  /** Looks a key up until it leads to this: slug, name and status, or null. */
  | { readonly watch: string; readonly until: string | null };

/** When an order was done, in milliseconds on the clock that all processes share. */
export type Done = { readonly at: number } | { readonly failed: string };

const now = () => performance.timeOrigin + performance.now();

let app: Awaited<ReturnType<typeof start>>;

async function start(options: TenancyOptions) {
  const started = await NestFactory.createApplicationContext(
    { module: Root, imports: [TenancyModule.forRoot(options)] },
    { logger: false, abortOnError: false },
  );
  // Until it hears the others, it cannot be held to what they say.
  await new Promise<void>((resolve) => {
    started.get(Signals).on('tenants', { receive: () => {}, missed: resolve });
  });
  return started;
}

async function seen(key: string): Promise<string | null> {
  const [kind, value] = key.split('=') as ['slug' | 'domain', string];
  const tenant = await app.get(TenantRegistry).lookup({ kind, value });
  return tenant === null ? null : `${tenant.slug} ${tenant.name} ${tenant.status}`;
}

async function obey(order: Order): Promise<void> {
  if ('start' in order) {
    app = await start(order.start);
  } else if ('call' in order) {
    const tenants: Record<string, unknown> & object = Object(app.get(TenantService));
    const method = tenants[order.call] as (...args: readonly unknown[]) => Promise<unknown>;
    await method.apply(tenants, [...order.args]);
  } else {
    while ((await seen(order.watch)) !== order.until) await turn();
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    () => process.send?.({ at: now() } satisfies Done),
    (error: unknown) => process.send?.({ failed: String(error) } satisfies Done),
  );
});
