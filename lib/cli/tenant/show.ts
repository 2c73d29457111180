import type { Command } from 'commander';
import { appAction, define } from '../command.js';
import { tenantData, tenantLines } from '../tenant-view.js';
import { TENANT } from './commands.js';

export function tenantShow(parent: Command): void {
  define(parent, 'show', {
    description: 'Show all of a tenant, also of a deleted one.',
    example: 'tenant show acme',
  })
    .argument('<tenant>', TENANT)
    .action(
      appAction(async ({ app, output }, reference: string) => {
        const tenant = await app.tenants.get(reference);
        await output.result(tenantData(tenant), tenantLines(tenant));
      }),
    );
}
