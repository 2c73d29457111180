import type { MigrationReport } from '../../migration/migration-report.js';
import type { AppRun } from '../command.js';
import { EXIT } from '../errors.js';
import { failureOf } from '../failure.js';

/** Says what came of a run, and ends the command with 1 when anything is left. */
export async function tellOutcome(
  { output }: AppRun,
  report: MigrationReport,
  done: string,
): Promise<void> {
  if (!report.ok) process.exitCode = EXIT.failure;
  const { plan: _plan, ...told } = report;
  const failed = report.failed.map(({ slug, error }) => {
    const { code, message } = failureOf(error);
    return { tenant: slug, code, message };
  });
  await output.result({ ...told, failed }, lines({ ...report, failed }, done));
}

type Told = Omit<MigrationReport, 'failed'> & {
  readonly failed: readonly { readonly tenant: string; readonly message: string }[];
};

function lines(report: Told, done: string): string[] {
  const { central, migrated, current, failed, halfWay, notBegun, drifted, milliseconds } = report;
  return [
    ...(central.length > 0 ? [`central: ${central.join(', ')}`] : []),
    `${migrated} tenant(s) ${done}, ${current} had nothing to do (${(milliseconds / 1_000).toFixed(1)} s)`,
    ...failed.map(({ tenant, message }) => `FAILED ${tenant}: ${message}`),
    ...named('half-way, left as they are (go on with them: --resume)', halfWay),
    ...named('not begun, because of the failures', notBegun),
    ...named('with migrations that the code does not have, or not so (see: status)', drifted),
  ];
}

function named(what: string, slugs: readonly string[]): string[] {
  return slugs.length > 0 ? [`${slugs.length} tenant(s) ${what}: ${slugs.join(', ')}`] : [];
}
