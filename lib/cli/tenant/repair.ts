import type { Command } from 'commander';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { appAction, define, type AppRun } from '../command.js';
import { EXIT, UsageError } from '../errors.js';
import { failureOf } from '../failure.js';
import { TENANT } from './commands.js';

interface Options {
  readonly all?: boolean;
  readonly undo?: boolean;
  readonly apply?: boolean;
}

/** What was done to one tenant, or would be. */
interface Repair {
  readonly slug: string;
  readonly before: string;
  /** Undefined: the creation was undone, and nothing is left. */
  readonly after?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export function tenantRepair(parent: Command): void {
  define(parent, 'repair', {
    description:
      'Finish what a crash or a failure has left half done: a creation, the dropping of a database or of an ' +
      'account. Does nothing to a tenant that is whole.',
    example: 'tenant repair acme',
  })
    .argument('[tenant]', TENANT)
    .option('--all', 'every tenant whose creation or deletion has not ended')
    .option(
      '--undo',
      'undo an unfinished creation instead, its database included; told only, until --apply',
    )
    .option('--apply', 'with --undo: do it')
    .action(
      appAction(async (run, reference: string | undefined, options: Options) => {
        const { undo = false, apply = false } = options;
        const all = await chosen(run, reference);
        // What is told is what is done: to undo a creation is not to end a deletion, or a migration.
        const tenants = undo ? all.filter(isUnfinished) : all;
        if (undo && !apply) return tellWhatIsUndone(run, tenants);
        const repairs: Repair[] = [];
        for (const tenant of tenants) repairs.push(await repair(run, tenant, undo));
        if (repairs.some(({ error }) => error !== undefined)) process.exitCode = EXIT.failure;
        await run.output.result({ repairs }, repairs.length > 0 ? repairs.map(line) : [NOTHING]);
      }, checkChoice),
    );
}

/** @throws UsageError */
function checkChoice(reference: string | undefined, { all = false, undo, apply }: Options): void {
  if ((reference === undefined) !== all) throw new UsageError('Name a tenant, or give --all.');
  if (apply && !undo) throw new UsageError('--apply is for --undo: a repair needs none.');
}

const NOTHING = 'Nothing is half done.';

async function chosen({ app }: AppRun, reference: string | undefined): Promise<readonly Tenant[]> {
  if (reference !== undefined) return [await app.tenants.get(reference)];
  const unfinished: Tenant[] = [];
  for (const status of ['provisioning', 'failed', 'deleted'] as const) {
    let after: string | undefined;
    do {
      const page = await app.tenants.list({ status, after });
      unfinished.push(
        ...page.tenants.filter(({ step }) => status !== 'deleted' || step === 'dropping'),
      );
      after = page.next;
    } while (after !== undefined);
  }
  return unfinished;
}

async function tellWhatIsUndone({ output }: AppRun, tenants: readonly Tenant[]): Promise<void> {
  const lines = tenants.map(
    ({ slug, status, placement, databaseOrigin }) =>
      `${slug} (${status}) would be forgotten${databaseOrigin === 'created' ? `, and its database ${placement.database} dropped` : ''}`,
  );
  await output.result(
    { applied: false, wouldUndo: tenants.map(({ slug }) => slug) },
    tenants.length > 0 ? [...lines, 'Do it: --apply'] : [NOTHING],
  );
}

/** Whether its creation has not ended. */
function isUnfinished({ status }: Tenant): boolean {
  return status === 'provisioning' || status === 'failed';
}

async function repair({ app }: AppRun, tenant: Tenant, undo: boolean): Promise<Repair> {
  const { id, slug } = tenant;
  const before = state(tenant);
  try {
    const now = await app.tenants.repair(id, { undo });
    return { slug, before, ...(now !== null && { after: state(now) }) };
  } catch (error) {
    const { code, message } = failureOf(error);
    return { slug, before, error: { code, message } };
  }
}

function state({ status, step }: Tenant): string {
  return step === 'done' ? status : `${status}, ${step}`;
}

function line({ slug, before, after, error }: Repair): string {
  if (error !== undefined) return `${slug}: ${error.message}`;
  if (after === undefined) return `${slug}: undone, nothing of it is left`;
  return after === before
    ? `${slug}: ${after}, nothing to repair`
    : `${slug}: ${before} → ${after}`;
}
