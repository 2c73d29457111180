import type { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { appAction, define, defineGroup, type AppRun } from '../command.js';
import { CommandError } from '../errors.js';
import { parseCount } from '../option-values.js';
import { tenantData } from '../tenant-view.js';

/** In the settings of a tenant that was made here: only those are cleaned away. */
const MARK = 'tenancyTestTenant';

export function testTenantCommands(program: Command): void {
  const testTenants = defineGroup(
    program,
    'test-tenants',
    'Make tenants to try things with, and remove them. Refused with NODE_ENV=production.',
  );
  define(testTenants, 'create', {
    description: 'Create tenants with made-up slugs.',
    example: 'test-tenants create 10',
  })
    .argument('<count>', 'how many', parseCount)
    .action(
      appAction(async ({ app, output }, count: number) => {
        const created: Tenant[] = [];
        for (let index = 0; index < count; index++) {
          const slug = `test-${randomBytes(5).toString('hex')}`;
          created.push(await app.tenants.create({ slug, settings: { [MARK]: true } }));
        }
        const lines = created.map(({ slug }) => slug);
        await output.result({ created: created.map(tenantData) }, lines);
      }, refuseInProduction),
    );
  define(testTenants, 'clean', {
    description:
      'Remove the tenants that create has made, with their databases. Told only, until --apply.',
    example: 'test-tenants clean --apply',
  })
    .option('--apply', 'do it')
    .action(
      appAction(async (run, { apply = false }: { apply?: boolean }) => {
        const tenants = await testTenantsOf(run);
        if (apply) for (const tenant of tenants) await remove(run, tenant);
        const lines = tenants.map(({ slug, placement }) =>
          apply
            ? `Removed ${slug}.`
            : `${slug} would be removed with its database ${placement.database}`,
        );
        if (tenants.length === 0) lines.push('There are no test tenants.');
        else if (!apply) lines.push('Do it: --apply');
        await run.output.result(
          { applied: apply, tenants: tenants.map(({ slug }) => slug) },
          lines,
        );
      }, refuseInProduction),
    );
}

function refuseInProduction(..._given: unknown[]): void {
  if (process.env.NODE_ENV !== 'production') return;
  throw new CommandError(
    'REFUSED_IN_PRODUCTION',
    'Test tenants are neither made nor removed with NODE_ENV=production.',
  );
}

/** Deleted ones, too: one that was half removed when the command was stopped. */
async function testTenantsOf({ app }: AppRun): Promise<readonly Tenant[]> {
  const found: Tenant[] = [];
  for (const status of [undefined, 'deleted'] as const) {
    let after: string | undefined;
    do {
      const page = await app.tenants.list({ status, after, limit: 500 });
      found.push(...page.tenants.filter(({ settings }) => settings[MARK] === true));
      after = page.next;
    } while (after !== undefined);
  }
  return found;
}

/** With its row, which stays of every other tenant. */
async function remove({ app }: AppRun, { id, name, status }: Tenant): Promise<void> {
  if (status === 'provisioning' || status === 'failed') {
    if ((await app.tenants.repair(id, { undo: true })) === null) return;
  }
  if (status !== 'deleted') await app.tenants.delete(id, { confirm: name, dropDatabase: true });
  else await app.tenants.repair(id);
  await app.store.remove(await app.store.get(id));
}
