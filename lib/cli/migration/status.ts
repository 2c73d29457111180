import type { Command } from 'commander';
import type { MigrationStatusOptions } from '../../migration/migration-options.js';
import type { TenantMigrationStatus } from '../../migration/migration-report.js';
import { appAction, define } from '../command.js';
import { table } from '../output.js';
import { selectionOptions } from './run-options.js';

export function status(program: Command): void {
  const command = define(program, 'status', {
    description:
      'Show how far each tenant is migrated, and what it lacks, has too much, or has from a source that was changed.',
    example: 'status --only acme',
  });
  selectionOptions(command)
    .option('--verify', "read every tenant's database instead of what is recorded of it")
    .action(
      appAction(async ({ app, output }, options: MigrationStatusOptions) => {
        const result = await app.migrator.status(options);
        const { migrations, centralPending, tenants } = result;
        const central =
          centralPending.length === 0
            ? 'central: is migrated'
            : `central: pending: ${centralPending.join(', ')}`;
        const rows = tenants.map((tenant) => [
          tenant.slug,
          tenant.version ?? '-',
          `${migrations.length - tenant.pending.length}/${migrations.length}`,
          stateOf(tenant),
          tenant.migratedAt?.toISOString() ?? '-',
          tenant.milliseconds === null ? '-' : `${tenant.milliseconds} ms`,
        ]);
        await output.result(result, [
          central,
          ...(rows.length === 0 ? ['No tenants.'] : table(HEADINGS, rows)),
          ...tenants.flatMap(detailsOf),
        ]);
      }),
    );
}

const HEADINGS = ['TENANT', 'VERSION', 'APPLIED', 'STATE', 'MIGRATED', 'TOOK'];

function stateOf({ known, halfWay, changed, unknown, pending }: TenantMigrationStatus): string {
  if (!known) return 'not looked into: --verify';
  if (halfWay !== null) return `half-way ${halfWay.direction}`;
  if (unknown.length > 0) return 'ahead of the code';
  if (changed.length > 0) return 'source changed';
  return pending.length > 0 ? `${pending.length} pending` : 'current';
}

/** What has to be looked into, tenant by tenant. */
function detailsOf({
  slug,
  halfWay,
  changed,
  unknown,
  failure,
}: TenantMigrationStatus): readonly string[] {
  const lines = [
    ...unknown.map((name) => `has ${name}, which the code does not know`),
    ...changed.map((name) => `has ${name} from a source that has changed since`),
    ...(failure === null ? [] : [`the last attempt failed: ${failure}`]),
  ];
  if (halfWay !== null) {
    const { migration, direction, done, begun } = halfWay;
    lines.push(
      `${migration} is half-way ${direction}; go on with it: npx tenancy migrate --only ${slug} --resume`,
      ...done.map(({ sql }) => `  in force: ${sql}`),
      ...begun.map(({ sql }) => `  in doubt: ${sql}`),
    );
  }
  return lines.map((line) => `${slug}: ${line}`);
}
