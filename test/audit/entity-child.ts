import 'reflect-metadata';
import type { EngineSetup } from '../support/engines.js';
import { Invoice, startAuditedApp, type AuditedApp } from './audited-app.js';
import type { Word } from './told-child.js';

// An app as its own process, which changes audited entities as it is told to, and tells of each once it is answered.

export type EntityOrder =
  | { readonly start: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'> }
  /** Invoices at once, numbered, half of them in each of the tenants. */
  | { readonly save: number; readonly by: string; readonly of: readonly [string, string] }
  | { readonly settle: string };

let app: AuditedApp | undefined;

function say(word: Word): void {
  process.send?.(word);
}

async function obey(order: EntityOrder): Promise<void> {
  if ('start' in order) {
    app = await startAuditedApp({ ...order.start, cleanUp: async () => {} });
    return say({ done: true, failures: [] });
  }
  const { tenancy, audit, dataSource } = app ?? fail();
  const failures: string[] = [];
  const told = (work: Promise<unknown>) =>
    work.catch((error: unknown) => void failures.push(String(error)));
  if ('settle' in order) {
    await told(tenancy.run(order.settle, () => audit.settle()));
    return say({ done: true, failures });
  }
  const save = async (number: number) => {
    const title = `${order.by}:${number}`;
    await tenancy.run(order.of[number % 2 === 0 ? 0 : 1], () =>
      dataSource.manager.save(Invoice, { title }),
    );
    say({ answered: title });
  };
  await Promise.all(Array.from({ length: order.save }, (_, number) => told(save(number))));
  say({ done: true, failures });
}

function fail(): never {
  throw new Error('Start it first.');
}

process.on('message', (order: EntityOrder) => void obey(order));
process.on('disconnect', () => process.exit());
