import type { Command } from 'commander';
import { createInterface } from 'node:readline/promises';
import { appAction, define } from '../command.js';
import { UsageError } from '../errors.js';
import { tenantData } from '../tenant-view.js';
import { TENANT } from './commands.js';

interface Options {
  readonly confirm?: string;
  readonly dropDatabase?: boolean;
}

export function tenantDelete(parent: Command): void {
  define(parent, 'delete', {
    description:
      'Delete a tenant: nothing leads to it any more. Its row, domains and database are kept, for restore. ' +
      'Its name has to be typed.',
    example: 'tenant delete acme --confirm "Acme Ltd"',
  })
    .argument('<tenant>', TENANT)
    .option('--confirm <name>', 'the tenant’s exact name (default: asked for on a terminal)')
    .option('--drop-database', 'drop its database, too: it cannot be restored then')
    .action(
      appAction(async ({ app, output }, reference: string, options: Options) => {
        const { slug, name, placement } = await app.tenants.get(reference);
        const { dropDatabase = false } = options;
        const what = dropDatabase ? `${slug} and drop its database ${placement.database}` : slug;
        const confirm =
          options.confirm ?? (await ask(`To delete ${what}, type its name (${name}): `));
        const tenant = await app.tenants.delete(reference, { confirm, dropDatabase });
        const rest = dropDatabase
          ? `Its database ${placement.database} was dropped.`
          : `Its database ${placement.database} is kept: npx tenancy tenant restore ${slug}`;
        await output.result(tenantData(tenant), [`Deleted ${slug}. ${rest}`]);
      }),
    );
}

/** @throws UsageError where nobody can answer */
async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new UsageError(
      'There is no terminal to ask on: give the tenant’s name, --confirm <name>.',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
