import type { Command } from 'commander';
import { appAction, define } from '../command.js';
import { tenantData } from '../tenant-view.js';
import { TENANT } from './commands.js';

const COMMANDS = [
  {
    name: 'suspend',
    description: 'Refuse a tenant’s requests with 403 until it is activated again. Its data stays.',
  },
  { name: 'activate', description: 'Serve a suspended or blocked tenant again.' },
  { name: 'block', description: 'As suspend, for abuse instead of an unpaid bill.' },
] as const;

/** `suspend`, `activate` and `block`, which differ in the word alone. */
export function tenantStatusCommands(parent: Command): void {
  for (const { name, description } of COMMANDS) {
    define(parent, name, { description, example: `tenant ${name} acme` })
      .argument('<tenant>', TENANT)
      .action(
        appAction(async ({ app, output }, reference: string) => {
          const tenant = await app.tenants[name](reference);
          await output.result(tenantData(tenant), [`${tenant.slug} is ${tenant.status}.`]);
        }),
      );
  }
}
