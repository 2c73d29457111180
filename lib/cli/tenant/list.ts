import { Option, type Command } from 'commander';
import type { TenantStatus } from '../../context/current-tenant.js';
import { appAction, define } from '../command.js';
import { parseCount } from '../option-values.js';
import { tenantData, tenantTable } from '../tenant-view.js';

const STATUSES: readonly TenantStatus[] = [
  'provisioning',
  'active',
  'suspended',
  'blocked',
  'failed',
  'deleted',
  'pending',
];

interface Options {
  readonly status?: TenantStatus;
  readonly after?: string;
  readonly limit: number;
}

export function tenantList(parent: Command): void {
  define(parent, 'list', {
    description: 'List tenants in the order of their slugs.',
    example: 'tenant list --status suspended',
  })
    .addOption(
      new Option(
        '--status <status>',
        'with this status (default: all but deleted and pending ones)',
      ).choices(STATUSES),
    )
    .option('--limit <count>', 'at most so many', parseCount, 50)
    .option('--after <slug>', 'only those after this slug: for the next page')
    .action(
      appAction(async ({ app, output }, { status, after, limit }: Options) => {
        const { tenants, next } = await app.tenants.list({ status, after, limit });
        const more = next === undefined ? [] : ['', `There are more: --after ${next}`];
        const lines = tenants.length === 0 ? ['No tenants.'] : [...tenantTable(tenants), ...more];
        await output.result({ tenants: tenants.map(tenantData), next: next ?? null }, lines);
      }),
    );
}
