import { Logger } from '@nestjs/common';
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { Repository } from 'typeorm';
import {
  MasterKeys,
  TenantEncryption,
  TenantEncryptionModule,
  type KeyProvider,
} from '../../lib/encryption/index.js';
import { CENTRAL, TenantCredentials, type TenantsOptions } from '../../lib/index.js';
import { PendingTenants } from '../../lib/tenant/pending-tenants.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { KeepingLogger, KeepingTypeOrmLogger, printed } from '../support/kept-logs.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { codeOf } from '../support/rejection.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { Vault } from './vault.js';

const newKey = () => randomBytes(32).toString('base64');
type Entries = readonly (string | KeyProvider)[];

describe.each(engines)('accounts under provided keys on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  let apps: TenancyApp[];
  const start = async (credentialKeys: Entries, more: TenantsOptions = {}) => {
    const logging = { logging: 'all', logger: new KeepingTypeOrmLogger('all') } as const;
    const shared = credentialKeys.find((entry) => typeof entry !== 'string');
    const app = await startTenancyApp(setup, {
      options: {
        central: { typeorm: logging },
        tenants: {
          entities: [Note],
          migrations: [CreateNotes1700000000001],
          typeorm: logging,
          credentials: engine === 'sqlite' ? 'shared' : 'per-tenant',
          credentialKeys,
          ...more,
        },
      },
      imports: [
        TypeOrmModule.forFeature([TenantCredentials], CENTRAL),
        TenantEncryptionModule.forRoot({ keys: shared ?? new MasterKeys([newKey()]) }),
      ],
    });
    apps.push(app);
    return app;
  };
  const stop = async (app: TenancyApp) => {
    apps.splice(apps.indexOf(app), 1);
    await app.close();
  };
  const restart = async (app: TenancyApp, credentialKeys: Entries) => {
    await stop(app);
    return start(credentialKeys);
  };
  beforeEach(async () => {
    apps = [];
    setup = await prepare();
  });
  afterEach(async () => {
    const [app] = apps;
    for (const { id, name } of (await app!.tenants.list()).tenants) {
      await app!.tenants.delete(id, { confirm: name, dropDatabase: true });
    }
    await Promise.all(apps.map((one) => one.close()));
    await setup.cleanUp();
  });

  if (engine === 'sqlite') {
    it('no provider is asked where there are no accounts', async () => {
      const vault = new Vault(['v1']);
      const app = await start([vault]);
      await app.tenants.create({ slug: 'acme' });
      expect((await app.registry.byReference('acme')).placement.account).toBeUndefined();
      expect(vault.asked).toBe(0);
    });
    return;
  }

  const rowsOf = (app: TenancyApp) =>
    app.context.get<Repository<TenantCredentials>>(getRepositoryToken(TenantCredentials, CENTRAL));
  const rowOf = async (app: TenancyApp, slug: string) =>
    rowsOf(app).findOneByOrFail({ tenantId: (await app.tenants.get(slug)).id });
  const keyOf = async (app: TenancyApp, slug: string) =>
    (await rowOf(app, slug)).secret!.split('.')[0];
  const WHO = 'SELECT CURRENT_USER() AS name';
  /** That it is served, as the account that is recorded of it, by whichever way it was read. */
  const expectServed = async (app: TenancyApp, slug: string) => {
    const expected = [{ name: `${(await rowOf(app, slug)).user}@%` }];
    app.registry.invalidate();
    const { tenants } = await app.tenants.list();
    for (const tenant of [
      await app.registry.byReference(slug),
      await app.tenants.get(slug),
      tenants.find((one) => one.slug === slug)!,
    ]) {
      const dataSource = app.pools.dataSource(tenant);
      expect(await app.tenancy.run(slug, () => dataSource.query(WHO))).toEqual(expected);
    }
    const served: unknown[] = [];
    await app.tenancy.forEach(async (tenant) => {
      if (tenant.slug === slug) served.push(...(await app.pools.dataSource(tenant).query(WHO)));
    });
    expect(served).toEqual(expected);
  };
  const accounts = async () =>
    setup.admin!(
      `SELECT user FROM mysql.db WHERE db LIKE '${setup.databasePrefix.replaceAll('_', '\\\\\\\\\\_')}%'`,
    );

  const master = newKey();
  describe.each<[string, () => KeyProvider]>([
    ['master keys', () => new MasterKeys([master])],
    ['a provider that gives promises', () => new Vault(['v.1'])],
  ])('of %s', (_which, newProvider) => {
    it('tenants are served, also after a restart and a rotation', async () => {
      const first = await start([newProvider()]);
      await first.tenants.create({ slug: 'acme' });
      expect(await keyOf(first, 'acme')).toMatch(/^provider:/);
      await expectServed(first, 'acme');
      const again = await restart(first, [newProvider()]);
      await expectServed(again, 'acme');
      const before = await rowOf(again, 'acme');
      await again.tenants.rotateCredentials('acme');
      expect((await rowOf(again, 'acme')).user).not.toBe(before.user);
      await expectServed(again, 'acme');
      await expectServed(await restart(again, [newProvider()]), 'acme');
    });

    it('go over from a key of the list and back, while processes serve both', async () => {
      const key = newKey();
      const before = await start([key, newProvider()]);
      const after = await start([newProvider(), key]);
      await before.tenants.create({ slug: 'old' });
      await after.tenants.create({ slug: 'new' });
      expect(await keyOf(after, 'old')).toMatch(/^[0-9a-f]{16}$/);
      expect(await keyOf(after, 'new')).toMatch(/^provider:/);
      const both = async (slug: string) => {
        await expectServed(before, slug);
        await expectServed(after, slug);
      };
      await both('old');
      await both('new');
      await after.tenants.rotateCredentials('old');
      expect(await keyOf(after, 'old')).toMatch(/^provider:/);
      await both('old');
      const without = await start([newProvider()]);
      await expectServed(without, 'old');
      await expectServed(without, 'new');
      await before.tenants.rotateCredentials('old');
      await both('old');
      expect(await codeOf(() => expectServed(without, 'old'))).toBe('CREDENTIAL_KEY_MISSING');
    });

    it('a secret that is copied to another tenant does not open', async () => {
      const app = await start([newProvider()]);
      await app.tenants.create({ slug: 'rich' });
      await app.tenants.create({ slug: 'thief' });
      const { user, secret } = await rowOf(app, 'rich');
      const { tenantId } = await rowOf(app, 'thief');
      await rowsOf(app).update({ tenantId }, { user, secret });
      app.registry.invalidate();
      expect(await codeOf(() => app.registry.byReference('thief'))).toBe('CREDENTIALS_UNREADABLE');
      await app.tenants.rotateCredentials('thief');
      await expectServed(app, 'thief');
      // It dropped what it had, which was the other's.
      await app.tenants.rotateCredentials('rich');
      await expectServed(app, 'rich');
    });

    it('those that are kept ready serve the tenant that comes, whatever its settings', async () => {
      const app = await start([newProvider()], { pending: 1 });
      const pending = app.context.get(PendingTenants);
      await pending.topUp();
      pending.stop();
      const settings = { encryption: { keyVersion: 3 } };
      const { placement } = await app.tenants.create({ slug: 'acme', settings });
      expect(placement.database).toContain('ready_');
      await expectServed(app, 'acme');
    });

    it('the password is in nothing that is printed, nor is a key', async () => {
      const logger = new KeepingLogger();
      Logger.overrideLogger(logger);
      printed.length = 0;
      try {
        const provider = newProvider();
        const app = await start([provider]);
        await app.tenants.create({ slug: 'secretive' });
        const tenant = await app.registry.byReference('secretive');
        const { password } = tenant.placement.account!;
        const { key } = await provider.current(tenant);
        await app.tenants.rotateCredentials('secretive');
        const shown = [tenant, await app.tenants.get('secretive'), provider].flatMap((value) => [
          JSON.stringify(value),
          inspect(value, { depth: 9, showHidden: true }),
        ]);
        const everything = [...shown, ...printed].join('\n');
        expect(everything).toContain('secretive');
        for (const encoding of ['hex', 'base64', 'base64url'] as const) {
          expect(everything).not.toContain(key.export().toString(encoding));
        }
        expect(everything).not.toContain(password);
        expect(everything).not.toContain(master);
      } finally {
        Logger.overrideLogger(false);
      }
    });
  });

  it('a new master key goes behind, then in front, and the old one is left out after rotations', async () => {
    const [old, next] = [newKey(), newKey()];
    const first = await start([new MasterKeys([old])]);
    await first.tenants.create({ slug: 'acme' });
    await first.tenants.create({ slug: 'late' });
    const both = await restart(first, [new MasterKeys([next, old])]);
    await expectServed(both, 'acme');
    const key = await keyOf(both, 'late');
    await both.tenants.rotateCredentials('acme');
    expect(await keyOf(both, 'acme')).not.toBe(key);
    const without = await restart(both, [new MasterKeys([next])]);
    const acme = await without.registry.byReference('acme');
    const [{ name }] = await without.pools.dataSource(acme).query(WHO);
    expect(name).toBe(`${(await rowOf(without, 'acme')).user}@%`);
    await expect(without.registry.byReference('late')).rejects.toMatchObject({
      code: 'CREDENTIAL_KEY_MISSING',
      message: expect.stringContaining(key!),
    });
    await without.tenants.rotateCredentials('late');
    await expectServed(without, 'late');
  });

  it('a new key of one tenant, which messages and columns have too, is good for its password', async () => {
    const app = await start([new MasterKeys([master])]);
    await app.tenants.create({ slug: 'acme' });
    await app.context.get(TenantEncryption).rotate('acme');
    await expectServed(app, 'acme');
    await app.tenants.rotateCredentials('acme');
    expect(await keyOf(app, 'acme')).toMatch(/~2$/);
    await expectServed(await restart(app, [new MasterKeys([master])]), 'acme');
  });

  it('a provider out of reach: nothing half done, who is known is served, and then all are', async () => {
    const vault = new Vault(['v1']);
    const app = await start([vault]);
    await app.tenants.create({ slug: 'acme' });
    const known = await app.registry.byReference('acme');
    const before = await rowOf(app, 'acme');
    vault.failure = new Error('The vault is sealed.');
    await expect(app.tenants.create({ slug: 'nobody' })).rejects.toThrow('The vault is sealed.');
    await expect(app.tenants.rotateCredentials('acme')).rejects.toThrow('The vault is sealed.');
    expect(await accounts()).toEqual([{ user: before.user }]);
    expect(await rowOf(app, 'acme')).toEqual(before);
    expect(await app.tenants.find('nobody')).toBeNull();
    expect((await app.tenants.list()).tenants.map(({ slug }) => slug)).toEqual(['acme']);
    const served = app.tenancy.run(known, () => app.pools.dataSource(known).query('SELECT 1'));
    expect(await served).toHaveLength(1);
    app.registry.invalidate();
    await expect(app.registry.byReference('acme')).rejects.toThrow('The vault is sealed.');
    vault.failure = undefined;
    await expectServed(app, 'acme');
  });
});
