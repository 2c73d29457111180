import { Option, type Command } from 'commander';
import type { MigrationRunOptions, TenantSelection } from '../../migration/migration-options.js';
import { collect, parseCount } from '../option-values.js';

const ORDERS: readonly NonNullable<TenantSelection['order']>[] = [
  'slug',
  'name',
  'createdAt',
  'updatedAt',
  'server',
];

/** The options that name tenants. Each is called as in `TenantSelection`. */
export function selectionOptions(command: Command): Command {
  return command
    .option('--only <tenant>', 'this one alone: id or slug, may be repeated', collect)
    .option('--except <tenant>', 'all but this one: id or slug, may be repeated', collect)
    .addOption(
      new Option('--order <column>', 'by which column of the tenants (default: slug)').choices(
        ORDERS,
      ),
    )
    .option('--descending', 'from the last to the first');
}

/** The options of a run. Each is called as in `MigrationRunOptions`. */
export function runOptions(command: Command): Command {
  return selectionOptions(command)
    .option('--workers <count>', 'so many tenants at once (default: 4)', parseCount)
    .option(
      '--workers-per-server <count>',
      'so many of one server at once (default: half of its maxConnections)',
      parseCount,
    )
    .option('--canary <count>', 'so many first; go on only if all of them passed', parseCount)
    .option(
      '--max-failures <count>',
      'begin none any more after so many failures (default: 1)',
      parseCount,
    )
    .option('--resume', 'go on with migrations that did not come to their end')
    .addOption(
      new Option(
        '--begun <outcome>',
        'with --resume and one --only: what became of the statements in doubt',
      ).choices(['done', 'undone']),
    )
    .option(
      '--lock-timeout <milliseconds>',
      'wait so long for another run that is at the same tenant (default: 60000)',
      parseCount,
    );
}

export type GivenRunOptions = Omit<MigrationRunOptions, 'onProgress'>;
