import type { Command } from 'commander';
import { appAction, define } from '../command.js';
import { tenantData } from '../tenant-view.js';
import { TENANT } from './commands.js';

export function tenantRestore(parent: Command): void {
  define(parent, 'restore', {
    description: 'Bring a deleted tenant back with the data and domains that it had.',
    example: 'tenant restore acme',
  })
    .argument('<tenant>', TENANT)
    .action(
      appAction(async ({ app, output }, reference: string) => {
        const tenant = await app.tenants.restore(reference);
        await output.result(tenantData(tenant), [`${tenant.slug} is ${tenant.status}.`]);
      }),
    );
}
