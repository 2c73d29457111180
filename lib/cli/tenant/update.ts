import type { Command } from 'commander';
import type { TenantSettings } from '../../context/current-tenant.js';
import { appAction, define } from '../command.js';
import { parseSettings } from '../option-values.js';
import { tenantData, tenantLines } from '../tenant-view.js';
import { TENANT } from './commands.js';

interface Options {
  readonly slug?: string;
  readonly name?: string;
  readonly settings?: TenantSettings;
}

export function tenantUpdate(parent: Command): void {
  define(parent, 'update', {
    description: 'Change a tenant’s slug, name or settings. Its database stays where it is.',
    example: 'tenant update acme --name "Acme Inc"',
  })
    .argument('<tenant>', TENANT)
    .option('--slug <slug>', 'the new slug')
    .option('--name <name>', 'the new name')
    .option(
      '--settings <json>',
      'a JSON object that replaces the settings as a whole',
      parseSettings,
    )
    .action(
      appAction(async ({ app, output }, reference: string, options: Options) => {
        const { slug, name, settings } = options;
        const tenant = await app.tenants.update(reference, { slug, name, settings });
        await output.result(tenantData(tenant), tenantLines(tenant));
      }),
    );
}
