import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventSubscriber, type EntitySubscriberInterface } from 'typeorm';
import type { ServerAdministration } from '../../../lib/database/engines/engine.js';
import { PendingTenants } from '../../../lib/tenant/pending-tenants.js';
import { startTenancyApp, type TenancyApp } from '../../support/tenancy-app.js';
import { crowdOptions, type Crowd } from './crowd.js';
import { seedOnce } from './crashing-app.js';

// Creates the tenants of a crowd at once, each until it stops before the statement that is named for it or has ended;
// answers with how many statements each took, and waits to be killed; or kills itself in the middle.

interface Run {
  statements: number;
  readonly stopBefore: number;
  readonly stop: () => void;
}

const runs = new AsyncLocalStorage<Run>();
/** What would go on with the stopped ones: else they would be garbage. */
const stopped: (() => void)[] = [];
let crowd: Crowd;
let total = 0;
let counting = false;

async function beforeStatement(): Promise<void> {
  if (!counting) return;
  total += 1;
  if (total === crowd.dieBefore) process.kill(process.pid, 'SIGKILL');
  const run = runs.getStore();
  if (run === undefined) return;
  run.statements += 1;
  if (run.statements < run.stopBefore) return;
  run.stop();
  await new Promise<void>((goOn) => stopped.push(goOn));
}

@EventSubscriber()
class StatementCounter implements EntitySubscriberInterface {
  beforeQuery(): Promise<void> {
    return beforeStatement();
  }
}

/** What does not go through TypeORM: databases as a whole, and what is replayed. */
function countTheRest({ pools }: TenancyApp): void {
  const counted = <T extends object>(object: T): T =>
    new Proxy(object, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          await beforeStatement();
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  const ofServer = pools.administration.bind(pools);
  const changesOf = pools.schemaChanges.bind(pools);
  const ofCentral: ServerAdministration = counted(pools.centralAdministration);
  Object.defineProperties(pools, {
    administration: { value: (server: string) => counted(ofServer(server)) },
    centralAdministration: { value: ofCentral },
    schemaChanges: {
      value: (server: string) => {
        const changes = changesOf(server);
        return Object.assign(Object.create(changes) as typeof changes, {
          copies: counted(changes.copies),
        });
      },
    },
  });
}

async function create(): Promise<number[]> {
  const { slugs, pending, topUp, stopBefore = [], ...setup } = crowd;
  const maxConnections = slugs.length + 4;
  const tenants = crowdOptions(setup, pending, async (_tenant, dataSource) => {
    await beforeStatement();
    await seedOnce(dataSource);
  });
  const app = await startTenancyApp(
    { ...setup, cleanUp: () => Promise.resolve() },
    {
      options: {
        central: {
          maxConnections: stopBefore.length > 0 ? 2 * maxConnections : 20,
          subscribers: [StatementCounter],
        },
        tenants: {
          servers: {
            main: {
              url: setup.serverUrl,
              maxConnections: stopBefore.length > 0 ? maxConnections : 20,
            },
          },
          ...tenants,
          subscribers: [StatementCounter],
        },
      },
    },
  );
  countTheRest(app);
  const kept = app.context.get(PendingTenants);
  if (!topUp) kept.stop();
  counting = true;
  const all = slugs.map(
    (slug, index) =>
      new Promise<number>((resolve, reject) => {
        const run: Run = {
          statements: 0,
          stopBefore: stopBefore[index] ?? Infinity,
          stop: () => resolve(run.statements),
        };
        void runs.run(run, () => app.tenants.create({ slug }).then(() => run.stop(), reject));
      }),
  );
  return Promise.all(all);
}

process.on('message', (message: Crowd) => {
  crowd = message;
  create().then(
    (statements) => process.send?.({ statements, total }),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
