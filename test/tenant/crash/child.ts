import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventSubscriber, type EntitySubscriberInterface } from 'typeorm';
import type { ServerAdministration } from '../../../lib/database/engines/engine.js';
import { startTenancyApp, type TenancyApp } from '../../support/tenancy-app.js';
import { adoptedOf, crashingOptions, hostOf, seedOnce, type Job } from './crashing-app.js';

// Does the jobs that it is sent, each until it stops before the statement that its job names or has ended; answers with
// the statements of each, and waits to be killed. To a database, a process that is killed while it stands still before
// its n-th statement is one that was killed there; so one process can die for many tenants.

interface Run {
  readonly job: Job;
  readonly statements: string[];
  readonly stop: () => void;
}

const runs = new AsyncLocalStorage<Run>();
/** What would go on with the stopped ones: else they would be garbage, and SQLite's locks with them. */
const stopped: (() => void)[] = [];

async function beforeStatement(statement: string): Promise<void> {
  const run = runs.getStore();
  if (run === undefined) return;
  run.statements.push(statement);
  if (run.statements.length < run.job.stopBefore) return;
  run.stop();
  await new Promise<void>((goOn) => stopped.push(goOn));
}

@EventSubscriber()
class StatementCounter implements EntitySubscriberInterface {
  beforeQuery({ query }: { query: string }): Promise<void> {
    return beforeStatement(query);
  }
}

/** What is done to databases as a whole does not go through TypeORM. */
function countAdministration({ pools }: TenancyApp): void {
  const counted = (administration: ServerAdministration) =>
    new Proxy(administration, {
      get: (target, name: keyof ServerAdministration) => {
        const method: (...args: never[]) => unknown = target[name].bind(target);
        return async (...args: never[]) => {
          await beforeStatement(name);
          return method(...args);
        };
      },
    });
  const ofServer = pools.administration.bind(pools);
  const ofCentral = counted(pools.centralAdministration);
  Object.defineProperties(pools, {
    administration: { value: (server: string) => counted(ofServer(server)) },
    centralAdministration: { value: ofCentral },
  });
}

async function startApp(job: Job, atOnce: number): Promise<TenancyApp> {
  const { tenants } = crashingOptions(job, async (_tenant, dataSource) => {
    await beforeStatement('seed');
    if (runs.getStore()?.job.work === 'create and fail') throw new Error('the seed is mouldy');
    await seedOnce(dataSource);
  });
  const subscribers = [StatementCounter];
  const app = await startTenancyApp(
    { ...job, cleanUp: () => Promise.resolve() },
    {
      options: {
        // Each job holds up to three connections for good; half of the central ones may create tenants at once.
        central: { maxConnections: 2 * atOnce + 2, subscribers },
        tenants: {
          servers: { main: { url: job.serverUrl, maxConnections: atOnce + 2 } },
          ...tenants,
          subscribers,
        },
      },
    },
  );
  countAdministration(app);
  return app;
}

async function perform({ tenants }: TenancyApp, job: Job): Promise<void> {
  const { slug, databasePrefix } = job;
  if (job.work === 'delete') {
    await tenants.delete(slug, { confirm: slug, dropDatabase: true });
  } else if (job.work === 'rotate') {
    await tenants.rotateCredentials(slug);
  } else {
    const creating = tenants.create({
      slug,
      domains: [hostOf(slug)],
      ...(job.work === 'adopt' && { adoptDatabase: adoptedOf(databasePrefix, slug) }),
    });
    if (job.work === 'create and fail') await creating.catch(() => {});
    else await creating;
  }
}

const apps = new Map<string, Promise<TenancyApp>>();

async function statementsOf(job: Job, atOnce: number): Promise<string[]> {
  const app = apps.get(job.centralUrl) ?? startApp(job, atOnce);
  apps.set(job.centralUrl, app);
  const started = await app;
  const statements: string[] = [];
  await new Promise<void>((stop, fail) => {
    void runs.run({ job, statements, stop }, () => perform(started, job).then(stop, fail));
  });
  return statements;
}

process.on('message', (jobs: Job[]) => {
  Promise.all(jobs.map((job) => statementsOf(job, jobs.length))).then(
    (all) => process.send?.(all),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
