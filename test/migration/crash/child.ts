import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventSubscriber, type EntitySubscriberInterface } from 'typeorm';
import { TenantMigrator, type MigrationRunOptions } from '../../../lib/index.js';
import { startTenancyApp } from '../../support/tenancy-app.js';
import { NOW, type MigratingJob } from './migrating-app.js';
import { SilentLogger } from '../../support/silent-logger.js';

// Migrates every tenant of its job up or down, each until it stops before the statement that the job names for it or has
// ended; answers with the statements of each, and waits to be killed. To a database, a process that is killed while it
// stands still before its n-th statement is one that was killed there.

interface Run {
  readonly statements: string[];
  readonly stopBefore: number;
  readonly stop: () => void;
  /** Once the central database is done: what is before it holds a lock that all tenants wait for. */
  counting: boolean;
}

const runs = new AsyncLocalStorage<Run>();
/** What would go on with the stopped ones: else they would be garbage, and SQLite's locks with them. */
const stopped: (() => void)[] = [];

@EventSubscriber()
class StatementCounter implements EntitySubscriberInterface {
  async beforeQuery({ query }: { query: string }): Promise<void> {
    const run = runs.getStore();
    if (run === undefined) return;
    if (!run.counting) {
      run.counting = /FROM .tenancy_tenants/.test(query);
      return;
    }
    run.statements.push(query);
    if (run.statements.length < run.stopBefore) return;
    run.stop();
    await new Promise<void>((goOn) => stopped.push(goOn));
  }
}

async function migrate(job: MigratingJob): Promise<Record<string, readonly string[]>> {
  const slugs = Object.keys(job.stopBefore);
  const subscribers = [StatementCounter];
  const maxConnections = 2 * slugs.length + 4;
  const app = await startTenancyApp(
    { ...job, cleanUp: () => Promise.resolve() },
    {
      options: {
        central: { maxConnections, subscribers },
        tenants: {
          servers: { main: { url: job.serverUrl, maxConnections } },
          migrations: NOW,
          subscribers,
          typeorm: { logger: new SilentLogger() },
        },
      },
    },
  );
  const migrator = app.context.get(TenantMigrator);
  const statementsOf = async (slug: string): Promise<readonly [string, readonly string[]]> => {
    const statements: string[] = [];
    await new Promise<void>((stop) => {
      const stopBefore = job.stopBefore[slug];
      const options: MigrationRunOptions = { only: [slug] };
      void runs.run({ statements, stopBefore, stop, counting: false }, async () => {
        const report =
          job.direction === 'up'
            ? await migrator.migrate(options)
            : await migrator.rollback({ ...options, steps: 2 });
        if (!report.ok) throw report.failed[0].error;
        stop();
      });
    });
    return [slug, statements];
  };
  return Object.fromEntries(await Promise.all(slugs.map(statementsOf)));
}

process.on('message', (job: MigratingJob) => {
  migrate(job).then(
    (statements) => process.send?.(statements),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
