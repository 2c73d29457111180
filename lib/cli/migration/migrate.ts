import type { Command } from 'commander';
import type { MigrateOptions } from '../../migration/migration-options.js';
import type { MigrationReport, PlannedMigration } from '../../migration/migration-report.js';
import { appAction, define } from '../command.js';
import { tellOutcome } from './outcome.js';
import { ProgressReport } from './progress-report.js';
import { runOptions } from './run-options.js';

type Options = Omit<MigrateOptions, 'onProgress'>;

export function migrate(program: Command): void {
  const command = define(program, 'migrate', {
    description:
      'Run the pending migrations: of the central database first, then of all tenants, several at once. A run that ' +
      'was cut off goes on where it was, by being started again.',
    example: 'migrate --canary 5',
  });
  runOptions(command)
    .option('--dry-run', 'run nothing, print the SQL')
    .option('--verify', "read every tenant's database instead of what is recorded of it")
    .option('--accept-changed', 'take the changed sources of migrations for what was applied')
    .action(
      appAction(async (run, options: Options) => {
        const progress = new ProgressReport(run.output);
        let report: MigrationReport;
        try {
          report = await run.app.migrator.migrate({ ...options, onProgress: progress.tell });
        } finally {
          progress.end();
        }
        if (!options.dryRun) return tellOutcome(run, report, 'migrated');
        const { central, plan, current, halfWay } = report;
        await run.output.result({ applied: false, central, plan, current, halfWay }, dry(report));
      }),
    );
}

function dry({ central, plan, current, halfWay }: MigrationReport): string[] {
  return [
    ...central.map((name) => `-- central: ${name}`),
    ...plan.flatMap(({ tenants, migrations }) => [
      `-- ${tenants.length} tenant(s): ${tenants.join(', ')}`,
      ...migrations.flatMap(sqlOf),
    ]),
    ...(halfWay.length > 0 ? [`-- half-way, see status: ${halfWay.join(', ')}`] : []),
    `-- ${current} tenant(s) have nothing to do. Nothing was run.`,
  ];
}

function sqlOf({ name, statements = [], unknown }: PlannedMigration): string[] {
  const why = unknown === undefined ? '' : ` (cannot be known yet: ${unknown})`;
  return [`-- ${name}${why}`, ...statements.map((sql) => `${sql};`)];
}
