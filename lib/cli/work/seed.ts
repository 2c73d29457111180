import type { Command } from 'commander';
import { appAction, define } from '../command.js';
import { CommandError, EXIT } from '../errors.js';
import {
  checkChoice,
  forChosenTenants,
  outcomeLines,
  tenantOptions,
  type TenantOptions,
} from '../for-tenants.js';

export function seed(program: Command): void {
  const command = define(program, 'seed', {
    description: 'Run tenants.seed again for tenants that are there. It must be repeatable.',
    example: 'seed --tenant acme',
  });
  tenantOptions(command).action(
    appAction(async ({ app, output }, options: TenantOptions) => {
      const { seed: seeder } = app.options.tenants;
      if (seeder === undefined) {
        throw new CommandError(
          'NO_SEEDER',
          'There is nothing to seed with: the options have no tenants.seed.',
        );
      }
      const outcome = await forChosenTenants(app, options, (tenant) =>
        seeder(tenant, app.pools.dataSource(tenant)),
      );
      if (outcome.failed.length > 0) process.exitCode = EXIT.failure;
      await output.result(outcome, outcomeLines(outcome, 'seeded'));
    }, checkChoice),
  );
}
