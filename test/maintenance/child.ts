import type { TenancyModuleOptions } from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { startMaintenanceApp, type MaintenanceApp } from './maintenance-app.js';

// An app as its own process, which listens, and asks itself as a client would until the answer is another.

export type Order =
  | {
      readonly start: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'>;
      readonly options: TenancyModuleOptions;
    }
  | { readonly change: 'enable' | 'disable' | 'suspend' | 'activate'; readonly of: string }
  /** Asks until the answer is `status`. */
  | { readonly awaitStatus: number; readonly of: string };

export interface Done {
  /** When what was ordered had been done: all processes of a machine have one clock. */
  readonly at: number;
  /** When the last request was begun that was answered otherwise. */
  readonly lastOther?: number;
  readonly failed?: string;
}

let app: MaintenanceApp | undefined;

async function obey(order: Order): Promise<Done> {
  if ('start' in order) {
    const setup = { ...order.start, cleanUp: async () => {} };
    app = await startMaintenanceApp(setup, { options: order.options });
    return { at: Date.now() };
  }
  const { maintenance, tenants, get } = app ?? fail();
  if ('awaitStatus' in order) {
    let lastOther: number | undefined;
    for (;;) {
      const begun = Date.now();
      if ((await get(order.of)).status === order.awaitStatus) break;
      lastOther = begun;
    }
    return { at: Date.now(), ...(lastOther !== undefined && { lastOther }) };
  }
  const changes = {
    enable: () => maintenance.enable(order.of),
    disable: () => maintenance.disable(order.of),
    suspend: () => tenants.suspend(order.of),
    activate: () => tenants.activate(order.of),
  };
  await changes[order.change]();
  return { at: Date.now() };
}

function fail(): never {
  throw new Error('Start it first.');
}

process.on('message', (order: Order) => {
  obey(order).then(
    (done) => process.send?.(done),
    (error: unknown) => process.send?.({ at: Date.now(), failed: String(error) } satisfies Done),
  );
});
process.on('disconnect', () => process.exit());
