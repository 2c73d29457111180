import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { appAction, define } from '../command.js';
import { CommandError, EXIT, UsageError } from '../errors.js';
import {
  checkChoice,
  forChosenTenants,
  outcomeLines,
  tenantOptions,
  type TenantOptions,
} from '../for-tenants.js';
import type { TenancyScript } from './tenancy-script.js';

export function run(program: Command): void {
  const command = define(program, 'run', {
    description:
      'Run a script of the app in the context of tenants: its default export, a function of { tenant, dataSource, app }.',
    example: 'run scripts/archive.ts --all',
  }).argument('<script>', 'the file; TypeScript where tenancy.config is read as TypeScript');
  tenantOptions(command).action(
    appAction(async ({ app, output }, path: string, options: TenantOptions) => {
      const { default: script } = await app.config.import(path);
      if (typeof script !== 'function') {
        throw new CommandError('NO_SCRIPT', `${path} has no function as its default export.`);
      }
      const outcome = await forChosenTenants(app, options, async (tenant) => {
        const dataSource = app.pools.dataSource(tenant);
        await (script as TenancyScript)({ tenant, dataSource, app: app.context });
      });
      if (outcome.failed.length > 0) process.exitCode = EXIT.failure;
      await output.result(outcome, outcomeLines(outcome, 'done'));
    }, checkScript),
  );
}

/** @throws UsageError */
function checkScript(path: string, options: TenantOptions): void {
  checkChoice(options);
  const file = resolve(path);
  if (!existsSync(file)) throw new UsageError(`There is no script ${file}.`);
}
