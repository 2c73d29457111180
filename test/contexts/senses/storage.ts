import { localDisk, TenantStorage, TenantStorageModule } from 'nestjs-tenancy/storage';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sense } from '../sense.js';

const folder = join(tmpdir(), `nestjs-tenancy-contexts-${randomUUID()}`);

export const storage: Sense = {
  name: 'storage',
  imports: [TenantStorageModule.forRoot({ disk: localDisk({ folder }) })],
  providers: [{ provide: 'storage of the contexts', useValue: { onApplicationShutdown: clear } }],
  async leave(app, key, slug) {
    await app.get(TenantStorage, { strict: false }).write(key, slug);
  },
  async look(app, key) {
    return (await app.get(TenantStorage, { strict: false }).read(key)).toString();
  },
};

function clear(): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
