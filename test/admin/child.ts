import 'reflect-metadata';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import type { EngineSetup } from '../support/engines.js';
import { startAdminApp, urlOf } from './admin-app.js';

// An app with the admin API as its own process, whose creations come to a point and no further.

export interface Order {
  readonly setup: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'>;
  /** Before anything of a tenant is there, with its database there, or when all but the answer is done. */
  readonly holdAt?: 'place' | 'seed' | 'created';
}

export type Word = { readonly url: string } | { readonly held: true };

function say(word: Word): void {
  process.send?.(word);
}

function hold(): Promise<void> {
  say({ held: true });
  return new Promise(() => {});
}

async function obey({ setup, holdAt }: Order): Promise<void> {
  const app = await startAdminApp(setup, {
    imports: [EventEmitterModule.forRoot()],
    options: {
      tenants: {
        servers: { main: { url: setup.serverUrl } },
        databasePrefix: setup.databasePrefix,
        ...(holdAt === 'place' && { place: async () => hold().then(() => 'main') }),
        seed: async () => (holdAt === 'seed' ? hold() : undefined),
      },
    },
  });
  if (holdAt === 'created') {
    app.get(EventEmitter2).on('tenant.created', () => process.kill(process.pid, 'SIGKILL'));
  }
  say({ url: urlOf(app) });
}

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
