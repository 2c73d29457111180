import { InvalidArgumentError, type Command } from 'commander';
import { ALL_TENANTS, type MaintenanceSubject } from '../../maintenance/maintenance-subject.js';
import type { MaintenanceTerms } from '../../maintenance/maintenance-terms.js';
import type { Maintenance, NewMaintenance } from '../../maintenance/maintenance.service.js';
import { appAction, define, defineGroup } from '../command.js';
import { UsageError } from '../errors.js';
import { collect, parseCount } from '../option-values.js';
import { table } from '../output.js';
import { TENANT } from '../tenant/commands.js';

interface OffOptions {
  readonly all?: boolean;
  readonly id?: string;
}

interface OnOptions extends MaintenanceTerms {
  readonly all?: boolean;
  readonly from?: Date;
  readonly until?: Date;
}

const ALL = 'all tenants together';

export function maintenanceCommands(program: Command): void {
  const maintenance = defineGroup(
    program,
    'maintenance',
    'Answer tenants’ requests with 503 for a while, and postpone their jobs.',
  );
  maintenanceOn(maintenance);
  maintenanceOff(maintenance);
  maintenanceStatus(maintenance);
}

function maintenanceOn(parent: Command): void {
  define(parent, 'on', {
    description: 'Begin a maintenance, now or at --from. What runs already is not stopped.',
    example: 'maintenance on acme --until 2030-12-01T06:00:00Z --message "Back at six"',
  })
    .argument('[tenant]', TENANT)
    .option('--all', ALL)
    .option('--message <text>', 'what clients are told')
    .option('--from <time>', 'when it begins (default: now); needs --until', parseTime)
    .option('--until <time>', 'when it ends by itself (default: when it is turned off)', parseTime)
    .option(
      '--retry-after <seconds>',
      'when clients are to come again, where the end is not known (default: 60)',
      parseCount,
    )
    .option('--allow <network>', 'address or network that is served, may be repeated', collect)
    .option('--bypass', 'print a secret for the header X-Maintenance-Bypass, this once')
    .action(
      appAction(async ({ app, output }, reference: string | undefined, options: OnOptions) => {
        const { all: _, from, until, ...terms } = options;
        const subject = subjectOf(reference, options.all);
        const made =
          from !== undefined && until !== undefined
            ? await app.maintenance.schedule(subject, { ...terms, from, until })
            : await app.maintenance.enable(subject, { ...terms, ...(until && { until }) });
        await output.result(made, madeLines(made));
      }, checkOn),
    );
}

function maintenanceOff(parent: Command): void {
  define(parent, 'off', {
    description: 'End what is in force. What is to come stays, unless it is named by its id.',
    example: 'maintenance off acme',
  })
    .argument('[tenant]', TENANT)
    .option('--all', `what is in force for ${ALL}`)
    .option('--id <id>', 'the one of this id, in force or to come')
    .action(
      appAction(async ({ app, output }, reference: string | undefined, options: OffOptions) => {
        const { id, all } = options;
        const ended =
          id === undefined
            ? await app.maintenance.disable(subjectOf(reference, all))
            : await app.maintenance.cancel(id);
        await output.result({ ended }, [ended ? 'It is over.' : 'There was none.']);
      }, checkOff),
    );
}

function maintenanceStatus(parent: Command): void {
  define(parent, 'status', {
    description: 'List what is in force and what is to come.',
    example: 'maintenance status',
  })
    .argument('[tenant]', `${TENANT} (default: everybody)`)
    .action(
      appAction(async ({ app, output }, reference?: string) => {
        const listed = await app.maintenance.list(reference);
        await output.result({ maintenance: listed }, statusLines(listed));
      }),
    );
}

/** @throws UsageError */
function checkOn(reference: string | undefined, { all, from, until }: OnOptions): void {
  subjectOf(reference, all);
  if (from !== undefined && until === undefined) throw new UsageError('--from needs --until.');
}

/** @throws UsageError */
function checkOff(reference: string | undefined, { all = false, id }: OffOptions): void {
  if (id === undefined) subjectOf(reference, all);
  else if (reference !== undefined || all) throw new UsageError('Give --id alone.');
}

/** @throws UsageError unless it is one of both */
function subjectOf(reference: string | undefined, all = false): MaintenanceSubject {
  if (reference !== undefined && !all) return reference;
  if (reference === undefined && all) return ALL_TENANTS;
  throw new UsageError('Give a tenant, or --all.');
}

function parseTime(text: string): Date {
  const time = new Date(text);
  // With its zone: the machine's is nobody's business.
  if (/(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('It must be a time with its zone, such as 2030-12-01T06:00:00Z.');
}

function madeLines(made: NewMaintenance): string[] {
  const { bypassSecret } = made;
  return [
    `${whoOf(made)} ${made.inForce ? 'is in maintenance' : 'will be in maintenance'} ${whenOf(made)}.`,
    ...(bypassSecret === undefined
      ? []
      : [`X-Maintenance-Bypass: ${bypassSecret}`, 'It is not shown again.']),
  ];
}

function statusLines(listed: readonly Maintenance[]): string[] {
  if (listed.length === 0) return ['Nobody is in maintenance, and nothing is to come.'];
  const rows = listed.map((one) => [
    whoOf(one),
    one.inForce ? 'in force' : 'to come',
    one.from.toISOString(),
    one.until?.toISOString() ?? '',
    one.id,
  ]);
  return table(['TENANT', 'STATE', 'FROM', 'UNTIL', 'ID'], rows);
}

const whoOf = ({ slug }: Maintenance): string => slug ?? '(all)';

function whenOf({ inForce, from, until }: Maintenance): string {
  const start = inForce ? '' : `from ${from.toISOString()} `;
  return `${start}until ${until?.toISOString() ?? 'it is turned off'}`;
}
