import type { Command } from 'commander';
import type { TenantSettings } from '../../context/current-tenant.js';
import { appAction, define } from '../command.js';
import { collect, parseSettings } from '../option-values.js';
import { tenantData, tenantLines } from '../tenant-view.js';

interface Options {
  readonly name?: string;
  readonly domain?: readonly string[];
  readonly server?: string;
  readonly database?: string;
  readonly adoptDatabase?: string;
  readonly settings?: TenantSettings;
}

export function tenantCreate(parent: Command): void {
  define(parent, 'create', {
    description:
      'Create a tenant: its database, migrated and seeded. When a step fails, all is undone.',
    example: 'tenant create acme --name "Acme Ltd" --domain www.acme.example',
  })
    .argument(
      '<slug>',
      'lower-case letters, digits and inner hyphens: acme is served at acme.<base>',
    )
    .option('--name <name>', 'for people (default: the slug)')
    .option(
      '--domain <host>',
      'a host that leads to it, may be repeated; the first is primary',
      collect,
    )
    .option('--server <name>', 'of tenants.servers (default: the one that tenants.place chooses)')
    .option('--database <name>', 'of the database to create (default: databasePrefix and the slug)')
    .option(
      '--adopt-database <name>',
      'take over a database that is there: migrated, never dropped',
    )
    .option('--settings <json>', 'a JSON object', parseSettings)
    .action(
      appAction(async ({ app, output }, slug: string, options: Options) => {
        const { name, domain: domains, server, database, adoptDatabase, settings } = options;
        const input = { slug, name, domains, server, database, adoptDatabase, settings };
        const tenant = await app.tenants.create(input);
        await output.result(tenantData(tenant), [`Created ${slug}.`, ...tenantLines(tenant)]);
      }),
    );
}
