import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineSetup } from '../support/engines.js';
import { startAuditApp, type AuditApp } from './audit-app.js';
import type { Word } from './told-child.js';

// An app as its own process, which records entries as it is told to, and tells of each once it is answered.

export type Order =
  | { readonly start: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'> }
  /** Entries at once, numbered, half of them in the tenant and half in the central chain. */
  | { readonly record: number; readonly by: string; readonly of: string }
  /** Is killed when the archive is kept, and its entries are still there. */
  | { readonly dieWhileArchiving: string; readonly to: string };

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
  if ('dieWhileArchiving' in order) {
    const to = async (name: string, content: AsyncIterable<Buffer>) => {
      await writeFile(join(order.to, name), content);
      process.kill(process.pid, 'SIGKILL');
    };
    const options = { before: new Date(1_000), to };
    await tenancy.runCentral('die', () => audit.archive(options, order.dieWhileArchiving));
    return;
  }
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
