import type { Command } from 'commander';
import { appAction, define, defineGroup } from '../command.js';
import { TENANT } from '../tenant/commands.js';
import { tenantData } from '../tenant-view.js';
import type { Tenant } from '../../tenant/tenant.entity.js';

const HOST = 'host name without port';

export function domainCommands(program: Command): void {
  const domain = defineGroup(program, 'domain', 'Lead hosts to tenants.');
  define(domain, 'add', {
    description: 'Lead a host to a tenant.',
    example: 'domain add acme www.acme.example --primary',
  })
    .argument('<tenant>', TENANT)
    .argument('<host>', HOST)
    .option('--primary', 'make it the one that links are made with; the first one is in any case')
    .action(
      appAction(
        async (
          { app, output },
          reference: string,
          host: string,
          options: { primary?: boolean },
        ) => {
          const { primary = false } = options;
          const tenant = await app.tenants.addDomain(reference, host, { primary });
          await output.result(tenantData(tenant), hostLines(tenant));
        },
      ),
    );
  define(domain, 'remove', {
    description: 'The host leads nowhere from now on. Another takes the place of the primary one.',
    example: 'domain remove acme old.acme.example',
  })
    .argument('<tenant>', TENANT)
    .argument('<host>', HOST)
    .action(
      appAction(async ({ app, output }, reference: string, host: string) => {
        const tenant = await app.tenants.removeDomain(reference, host);
        await output.result(tenantData(tenant), hostLines(tenant));
      }),
    );
  define(domain, 'primary', {
    description: 'Make a domain of the tenant the one that links are made with.',
    example: 'domain primary acme www.acme.example',
  })
    .argument('<tenant>', TENANT)
    .argument('<host>', HOST)
    .action(
      appAction(async ({ app, output }, reference: string, host: string) => {
        const tenant = await app.tenants.setPrimaryDomain(reference, host);
        await output.result(tenantData(tenant), hostLines(tenant));
      }),
    );
}

function hostLines({ slug, domains }: Tenant): string[] {
  if (domains.length === 0) return [`${slug} has no domains.`];
  return domains.map(({ host, primaryOf }) => (primaryOf === null ? host : `${host} (primary)`));
}
