import { runForTenant } from '../../lib/context/tenant-context.js';
import { localDisk, TenantStorage } from '../../lib/storage/index.js';

/** Begins to replace a file, and never ends. */
const [folder, id] = process.argv.slice(2) as [string, string];
const storage = new TenantStorage(localDisk({ folder }));

async function* endless() {
  for (;;) {
    yield Buffer.alloc(100_000, 'after');
    process.send?.('writing');
  }
}

const tenant = {
  id,
  slug: 'acme',
  name: 'acme',
  status: 'active',
  placement: { server: 'main', database: 'acme' },
  settings: {},
  generation: 1,
} as const;
void runForTenant(tenant, () => storage.write('file', endless()));
