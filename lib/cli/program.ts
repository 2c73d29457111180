import { Command } from 'commander';
import { apiKeyCommands } from './api-key/commands.js';
import { domainCommands } from './domain/commands.js';
import { doctor } from './doctor/command.js';
import { maintenanceCommands } from './maintenance/commands.js';
import { migrate } from './migration/migrate.js';
import { rollback } from './migration/rollback.js';
import { status } from './migration/status.js';
import { orphans } from './orphans/command.js';
import { tenantCommands } from './tenant/commands.js';
import { testTenantCommands } from './test-tenants/commands.js';
import { run } from './work/run.js';
import { seed } from './work/seed.js';

/** The command line as a whole. To make it loads nothing of an app. */
export function createProgram(): Command {
  const program = new Command('tenancy')
    .description('Works on the tenants of the app in this folder, as its tenancy.config says.')
    .option(
      '--config <file>',
      'the tenancy.config to read (default: found in the source in development, in the build output in production)',
    )
    .showHelpAfterError('Add --help for what there is.')
    .exitOverride();
  tenantCommands(program);
  domainCommands(program);
  maintenanceCommands(program);
  apiKeyCommands(program);
  migrate(program);
  rollback(program);
  status(program);
  seed(program);
  run(program);
  doctor(program);
  orphans(program);
  testTenantCommands(program);
  return program;
}
