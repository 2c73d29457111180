import { randomBytes } from 'node:crypto';
import type { AppOnServer } from './app-on-server.js';
import type { Proofs } from './proof.js';

/** Creates a tenant as another account than the one that may: the creation fails. */
async function createAs(
  app: AppOnServer,
  provisioning: { user: string; password: string } | undefined,
): Promise<void> {
  const { tenants } = await app.start({ main: { provisioning } });
  await expect(tenants.create({ slug: 'nobody' })).rejects.toThrow(/denied|refuses the account/);
}

export const ACCOUNT_PROOFS: Proofs<AppOnServer> = {
  async 'tenants.credentials'(app) {
    const [{ user }] = await app.inAcme(() => app.tenants.query('SELECT CURRENT_USER() AS user'));
    expect(user).toMatch(/^tenancy_/);
  },
  async 'tenants.credentialKeys'(app) {
    const credentialKeys = [randomBytes(32).toString('base64')];
    const { registry } = await app.start({ tenants: { credentialKeys } });
    await expect(registry.byReference('acme')).rejects.toMatchObject({
      code: 'CREDENTIAL_KEY_MISSING',
    });
  },
  async 'tenants.servers.main.provisioning.user'(app) {
    await createAs(app, undefined);
    await createAs(app, { user: 'nobody', password: 'x' });
  },
  async 'tenants.servers.main.provisioning.password'(app) {
    await createAs(app, { user: app.maker, password: 'wrong' });
  },
};
