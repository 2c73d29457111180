import 'reflect-metadata';
import type { EngineSetup } from '../support/engines.js';
import { startAuditApp, type AuditApp } from './audit-app.js';

// An app as its own process, which records entries as it is told to, and tells of each once it is answered.

export type Order =
  | { readonly start: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'> }
  /** Entries at once, numbered, half of them in the tenant and half in the central chain. */
  | { readonly record: number; readonly by: string; readonly of: string };

export type Word =
  { readonly answered: string } | { readonly done: true; readonly failures: readonly string[] };

let app: AuditApp | undefined;

function say(word: Word): void {
  process.send?.(word);
}

async function obey(order: Order): Promise<void> {
  if ('start' in order) {
    const setup = { ...order.start, cleanUp: async () => {} };
    app = await startAuditApp(setup, {}, { options: { central: { acquireTimeout: 20_000 } } });
    return say({ done: true, failures: [] });
  }
  const { tenancy, audit } = app ?? fail();
  const failures: string[] = [];
  const record = async (number: number) => {
    const actor = `${order.by}:${number}`;
    const work = () => audit.record({ action: 'load.recorded', actor });
    try {
      await (number % 2 === 0 ? tenancy.run(order.of, work) : tenancy.runCentral('load', work));
      say({ answered: actor });
    } catch (error) {
      failures.push(String(error));
    }
  };
  await Promise.all(Array.from({ length: order.record }, (_, number) => record(number)));
  say({ done: true, failures });
}

function fail(): never {
  throw new Error('Start it first.');
}

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
