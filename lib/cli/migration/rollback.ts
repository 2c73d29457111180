import type { Command } from 'commander';
import type {
  MigrationReport,
  MigrationStatus,
  TenantMigrationStatus,
} from '../../migration/migration-report.js';
import { OWN_TENANT_MIGRATIONS } from '../../migration/tenant-migrations.js';
import { appAction, define, type AppRun } from '../command.js';
import { parseCount } from '../option-values.js';
import { tellOutcome } from './outcome.js';
import { ProgressReport } from './progress-report.js';
import { runOptions, type GivenRunOptions } from './run-options.js';

interface Options extends GivenRunOptions {
  readonly steps: number;
  readonly apply?: boolean;
}

export function rollback(program: Command): void {
  const command = define(program, 'rollback', {
    description:
      'Take back the last migrations of tenants, and with them what only their tables and columns hold. Told only, ' +
      'until --apply. The central database stays as it is.',
    example: 'rollback --only acme --apply',
  });
  runOptions(command)
    .option('--steps <count>', 'so many migrations of each tenant', parseCount, 1)
    .option('--apply', 'do it')
    .action(
      appAction(async (run, { apply = false, ...options }: Options) => {
        if (!apply) return tellWhatWouldGo(run, options);
        const progress = new ProgressReport(run.output);
        let report: MigrationReport;
        try {
          report = await run.app.migrator.rollback({ ...options, onProgress: progress.tell });
        } finally {
          progress.end();
        }
        await tellOutcome(run, report, 'rolled back');
      }),
    );
}

async function tellWhatWouldGo({ app, output }: AppRun, options: Options): Promise<void> {
  const status = await app.migrator.status(options);
  const wouldTakeBack = status.tenants.map((tenant) => ({
    tenant: tenant.slug,
    drifted: tenant.changed.length + tenant.unknown.length > 0,
    migrations: lastOf(status, tenant, options.steps),
  }));
  const lines = wouldTakeBack.map(({ tenant, drifted, migrations }) =>
    drifted
      ? `${tenant}: nothing, for it has migrations that the code does not have, or not so (see: status)`
      : `${tenant}: ${migrations.join(', ') || 'nothing'}`,
  );
  await output.result({ applied: false, wouldTakeBack }, [...lines, 'Do it: --apply']);
}

/** What `steps` steps back would run `down` of, the last first. */
function lastOf(
  { migrations }: MigrationStatus,
  { pending, changed, unknown }: TenantMigrationStatus,
  steps: number,
): string[] {
  if (changed.length + unknown.length > 0) return [];
  const own = OWN_TENANT_MIGRATIONS.map(({ name }) => name);
  return migrations
    .filter((name) => !pending.includes(name) && !own.includes(name))
    .toReversed()
    .slice(0, steps);
}
