import type { Command } from 'commander';
import { appAction, define } from '../command.js';
import { EXIT } from '../errors.js';
import {
  checkChoice,
  forChosenTenants,
  outcomeLines,
  tenantOptions,
  type TenantOptions,
} from '../for-tenants.js';

export function tenantRotateCredentials(parent: Command): void {
  const command = define(parent, 'rotate-credentials', {
    description:
      'Give a tenant a new account on its server with a new password, and drop the old one. No request is lost. ' +
      'Only with tenants.credentials: per-tenant.',
    example: 'tenant rotate-credentials --tenant acme',
  });
  tenantOptions(command).action(
    appAction(async ({ app, output }, options: TenantOptions) => {
      const outcome = await forChosenTenants(app, options, async ({ id }) => {
        await app.tenants.rotateCredentials(id);
      });
      if (outcome.failed.length > 0) process.exitCode = EXIT.failure;
      await output.result(outcome, outcomeLines(outcome, 'has a new account'));
    }, checkChoice),
  );
}
