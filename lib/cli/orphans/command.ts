import type { Command } from 'commander';
import { appAction, define, type AppRun } from '../command.js';
import { UsageError } from '../errors.js';
import type { OrphanedAccount, OrphanedDatabase, Orphans } from './find-orphans.js';

type Droppable = OrphanedDatabase | OrphanedAccount;

export function orphans(program: Command): void {
  define(program, 'orphans', {
    description:
      'List databases of no tenant, tenants without a database, and accounts of neither. A database is an orphan when ' +
      'its name begins with the prefix, it holds the record of this package’s migrations, and no tenant has it, also ' +
      'none that is deleted, and none of another app whose central database is on the same server. With --apply the ' +
      'databases and accounts are dropped.',
    example: 'orphans tenant_gone --apply',
  })
    .argument('[name...]', 'only these databases and accounts')
    .option('--apply', 'drop them, with what they hold')
    .action(
      appAction(async (run, names: string[], { apply = false }: { apply?: boolean }) => {
        const found = await find(run);
        const droppable = chosen(found, names);
        if (apply) for (const orphan of droppable) await drop(run, orphan);
        const lines = [
          ...droppable.map((orphan) => (apply ? `Dropped ${shown(orphan)}` : shown(orphan))),
          ...(droppable.length > 0 && !apply
            ? ['Apps that share a server need prefixes of their own. To drop them: --apply']
            : []),
          ...found.tenants.map(
            ({ name, database, server }) =>
              `Tenant ${name} has no database: "${database}" is not on server "${server}". Restore it from a backup, ` +
              `or delete the tenant.`,
          ),
          ...found.notes,
        ];
        await run.output.result(
          {
            applied: apply,
            ...found,
            chosen: droppable.map(({ kind, server, name }) => ({ kind, server, name })),
          },
          lines.length > 0 ? lines : ['There are no orphans.'],
        );
      }),
    );
}

async function find({ app }: AppRun): Promise<Orphans> {
  const { findOrphans } = await import('./find-orphans.js');
  const { Registered } = await import('./registered.js');
  return findOrphans(app.options, await Registered.read(app.central, app.options));
}

/** @throws UsageError for a name that is no orphan's */
function chosen({ databases, accounts }: Orphans, names: readonly string[]): readonly Droppable[] {
  const all = [...databases, ...accounts];
  if (names.length === 0) return all;
  const unknown = names.find((name) => !all.some((orphan) => orphan.name === name));
  if (unknown !== undefined) throw new UsageError(`${unknown} is no orphan: nothing is dropped.`);
  return all.filter(({ name }) => names.includes(name));
}

/** Looks again first: somebody may have taken the database over since. */
async function drop(run: AppRun, orphan: Droppable): Promise<void> {
  const still = chosen(await find(run), []);
  if (
    !still.some(
      ({ kind, server, name }) =>
        kind === orphan.kind && server === orphan.server && name === orphan.name,
    )
  ) {
    return;
  }
  const administration = run.app.pools.administration(orphan.server);
  if (orphan.kind === 'database') await administration.dropDatabase(orphan.name);
  else await administration.dropAccount(orphan.name);
}

function shown(orphan: Droppable): string {
  return orphan.kind === 'database'
    ? `database ${orphan.name} on server "${orphan.server}"`
    : `account ${orphan.name} on server "${orphan.server}", for ${orphan.databases.join(', ')}`;
}
