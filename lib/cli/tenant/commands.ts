import type { Command } from 'commander';
import { defineGroup } from '../command.js';
import { tenantCreate } from './create.js';
import { tenantDelete } from './delete.js';
import { tenantList } from './list.js';
import { tenantRepair } from './repair.js';
import { tenantRestore } from './restore.js';
import { tenantRotateCredentials } from './rotate-credentials.js';
import { tenantShow } from './show.js';
import { tenantStatusCommands } from './status.js';
import { tenantUpdate } from './update.js';

export function tenantCommands(program: Command): void {
  const tenant = defineGroup(program, 'tenant', 'Create, list and change tenants.');
  tenantCreate(tenant);
  tenantList(tenant);
  tenantShow(tenant);
  tenantUpdate(tenant);
  tenantStatusCommands(tenant);
  tenantDelete(tenant);
  tenantRestore(tenant);
  tenantRepair(tenant);
  tenantRotateCredentials(tenant);
}

/** How a tenant is named on the command line. Exactly: nothing is guessed. */
export const TENANT = 'id, slug or one of the hosts of the tenant';
