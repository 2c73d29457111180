import 'reflect-metadata';
import { QuotaExceededError, type TenancyModuleOptions } from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { startQuotaApp, type QuotaApp } from './quota-app.js';

// An app as its own process, which uses quotas of a tenant as it is told to, and tells of each use that passed as soon
// as it knows.

export type Order =
  | {
      readonly start: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'>;
      readonly options: TenancyModuleOptions;
    }
  /** Consumers at once. */
  | { readonly consume: number; readonly of: string }
  | { readonly reserve: number; readonly of: string }
  /** The clock is so many milliseconds ahead from now on. */
  | { readonly ahead: number };

export type Word =
  | { readonly passed: 1 }
  | { readonly done: true; readonly passed: number; readonly failures: readonly string[] };

let app: QuotaApp | undefined;

function say(word: Word): void {
  process.send?.(word);
}

async function obey(order: Order): Promise<void> {
  if ('start' in order) {
    const setup = { ...order.start, cleanUp: async () => {} };
    app = await startQuotaApp(setup, {}, undefined, { options: order.options });
    return say({ done: true, passed: 0, failures: [] });
  }
  if ('ahead' in order) {
    const { now } = Date;
    Date.now = () => now() + order.ahead;
    return say({ done: true, passed: 0, failures: [] });
  }
  const { tenancy, quotas } = app ?? fail();
  await tenancy.run(order.of, async () => {
    if ('reserve' in order) {
      await quotas.reserve('monthly_emails', order.reserve, { time: 600_000 });
      return say({ done: true, passed: 1, failures: [] });
    }
    let passed = 0;
    const failures: string[] = [];
    const consumer = async () => {
      try {
        await quotas.consume('monthly_emails');
        passed += 1;
        say({ passed: 1 });
      } catch (error) {
        if (!(error instanceof QuotaExceededError)) failures.push(String(error));
      }
    };
    await Promise.all(Array.from({ length: order.consume }, consumer));
    say({ done: true, passed, failures });
  });
}

function fail(): never {
  throw new Error('Start it first.');
}

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
