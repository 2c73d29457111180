import { Logger } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { Repository } from 'typeorm';
import {
  CENTRAL,
  TenantCredentials,
  type CurrentTenant,
  type TenantsOptions,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { KeepingLogger, KeepingTypeOrmLogger, printed } from '../support/kept-logs.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { codeOf } from '../support/rejection.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

const newKey = () => randomBytes(32).toString('base64');
const KEY = newKey();
const PER_TENANT = { credentials: 'per-tenant', credentialKeys: [KEY] } as const;

describe.each(engines)('accounts of tenants on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  const others: TenancyApp[] = [];

  const start = async (
    tenants: TenantsOptions,
    seed?: TenantsOptions['seed'],
  ): Promise<TenancyApp> => {
    const logging = { logging: 'all', logger: new KeepingTypeOrmLogger('all') } as const;
    return startTenancyApp(setup, {
      options: {
        central: { typeorm: logging },
        tenants: {
          entities: [Note],
          migrations: [CreateNotes1700000000001],
          typeorm: logging,
          seed,
          ...tenants,
        },
      },
      imports: [
        TypeOrmModule.forFeature([TenantCredentials], CENTRAL),
        EventEmitterModule.forRoot({ wildcard: true }),
      ],
    });
  };
  const startOther = async (tenants: TenantsOptions): Promise<TenancyApp> => {
    const other = await start(tenants);
    others.push(other);
    return other;
  };
  beforeAll(async () => {
    setup = await prepare();
    app = await start(engine === 'sqlite' ? {} : PER_TENANT);
  });
  afterEach(() => Promise.all(others.splice(0).map((other) => other.close())));
  afterAll(async () => {
    for (const { id, name } of (await app.tenants.list({ limit: 1_000 })).tenants) {
      await app.tenants.delete(id, { confirm: name, dropDatabase: true });
    }
    await app.close();
    await setup.cleanUp();
  });

  it('are not rotated where tenants share one', async () => {
    const { tenants } = engine === 'sqlite' ? app : await startOther({});
    await tenants.create({ slug: 'sharing' });
    await expect(tenants.rotateCredentials('sharing')).rejects.toMatchObject({
      code: 'CREDENTIALS_SHARED',
      status: 409,
    });
  });

  if (engine === 'sqlite') return;

  const admin = (sql: string) => setup.admin!(sql);
  const rows = () =>
    app.context.get<Repository<TenantCredentials>>(getRepositoryToken(TenantCredentials, CENTRAL));
  const rowOf = async (slug: string) => {
    const { id } = await app.tenants.get(slug);
    return rows().findOneByOrFail({ tenantId: id });
  };
  const databaseOf = (slug: string) => setup.databasePrefix + slug.replaceAll('-', '_');
  /** The accounts with rights on a tenant's database, as the server has them. */
  const accountsOf = async (slug: string) => {
    const pattern = databaseOf(slug).replaceAll('_', '\\_').replaceAll('\\', '\\\\');
    const found = await admin(`SELECT user AS name FROM mysql.db WHERE db = '${pattern}'`);
    return found.map(({ name }) => name);
  };
  const isThere = async (user: string) =>
    (await admin(`SELECT 1 FROM mysql.user WHERE user = '${user}'`)).length > 0;
  const lookup = (slug: string, from = app) => from.registry.byReference(slug);
  /** Who serves a tenant. */
  const userOf = async (slug: string, from = app): Promise<string> =>
    from.tenancy.run(slug, async () => {
      const dataSource = from.pools.dataSource(from.tenancy.require());
      const [{ name }] = await dataSource.query('SELECT CURRENT_USER() AS name');
      expect(await dataSource.manager.count(Note)).toBe(1);
      return name.replace(/@.*/, '');
    });

  describe('are made with the tenant:', () => {
    it('one that serves it, with rights on its database alone', async () => {
      await app.tenants.create({ slug: 'acme' });
      const { user } = await rowOf('acme');
      expect(user).toMatch(/^tenancy_[0-9a-f]{24}$/);
      expect(await accountsOf('acme')).toEqual([user]);
      expect(await userOf('acme')).toBe(user);
      const grants = (await admin(`SHOW GRANTS FOR '${user}'@'%'`)).map((row) =>
        Object.values(row).join(),
      );
      expect(grants).toHaveLength(2);
      expect(grants[0]).toContain('GRANT USAGE ON *.*');
      expect(grants[1]).toContain(`\`${databaseOf('acme').replaceAll('_', '\\_')}\`.*`);
    });

    it('which seeds the tenant, and did not migrate it', async () => {
      let seeder: unknown;
      const seeding = await start(PER_TENANT, async (_tenant, dataSource) => {
        [{ name: seeder }] = await dataSource.query('SELECT CURRENT_USER() AS name');
      });
      others.push(seeding);
      await seeding.tenants.create({ slug: 'seeded' });
      expect(seeder).toBe(`${(await rowOf('seeded')).user}@%`);
    });

    it('the registry reads it with the tenant, in one statement', async () => {
      const { user } = await rowOf('acme');
      app.registry.invalidate();
      printed.length = 0;
      expect((await lookup('acme')).placement.account?.user).toBe(user);
      expect(printed.filter((line) => /SELECT/.test(line))).toHaveLength(1);
      for await (const { slug, placement } of app.registry.all()) {
        if (slug === 'acme') expect(placement.account?.user).toBe(user);
      }
    });

    it('a tenant that TenantService gives is worked on as it', async () => {
      const { user } = await rowOf('acme');
      for (const tenant of [
        await app.tenants.get('acme'),
        ...(await app.tenants.list()).tenants.filter(({ slug }) => slug === 'acme'),
      ]) {
        const [{ name }] = await app.pools
          .dataSource(tenant)
          .query('SELECT CURRENT_USER() AS name');
        expect(name).toBe(`${user}@%`);
      }
    });

    it('none is left when the creation fails', async () => {
      const failing = await start(PER_TENANT, () => Promise.reject(new Error('no')));
      others.push(failing);
      await expect(failing.tenants.create({ slug: 'failing' })).rejects.toThrow('no');
      expect(await accountsOf('failing')).toEqual([]);
      await admin(`CREATE DATABASE ${databaseOf('adopted')}`);
      const adopting = { slug: 'adopted', adoptDatabase: databaseOf('adopted') };
      await expect(failing.tenants.create(adopting)).rejects.toThrow('no');
      expect(await accountsOf('adopted')).toEqual([]);
      expect(await app.tenants.find('adopted')).toBeNull();
    });
  });

  it('the password is in nothing that is printed, serialised or stored', async () => {
    const logger = new KeepingLogger();
    Logger.overrideLogger(logger);
    printed.length = 0;
    try {
      await app.tenants.create({ slug: 'secretive' });
      const first = (await lookup('secretive')).placement.account!.password;
      await app.tenants.rotateCredentials('secretive');
      const current = await lookup('secretive');
      const second = current.placement.account!.password;
      expect(Buffer.from(second, 'base64url').length).toBeGreaterThanOrEqual(24);
      expect(second).not.toBe(first);
      const tenant = await app.tenants.get('secretive');
      expect(tenant.placement.account?.password).toBe(second);
      await app.tenancy.run(current, () => app.pools.dataSource(current).query('SELECT 1'));
      // A refusal, with everything that hangs on it.
      await admin(`DROP USER '${current.placement.account!.user}'@'%'`);
      await app.pools.drain(current);
      const refusal: unknown = await app.tenancy
        .run(current, () => app.pools.dataSource(current).query('SELECT 1'))
        .catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'ACCOUNT_REFUSED' });
      const shown = [current, tenant, refusal, await rowOf('secretive'), app.pools.stats()].flatMap(
        (value) => [
          JSON.stringify(value),
          inspect(value, { depth: 9, showHidden: true }),
          JSON.stringify(Object.entries(value as object)),
        ],
      );
      const everything = [...shown, ...printed].join('\n');
      expect(everything).toContain('secretive');
      for (const password of [first, second, ...secretsIn(KEY)]) {
        expect(everything).not.toContain(password);
      }
      expect(JSON.stringify(tenant)).not.toContain('tenancy_');
    } finally {
      Logger.overrideLogger(false);
    }
    await app.tenants.rotateCredentials('secretive');
    expect(await userOf('secretive')).toBe((await rowOf('secretive')).user);
  });

  describe('are rotated:', () => {
    it('the new one serves, the old one is gone', async () => {
      await app.tenants.create({ slug: 'rotated' });
      const before = await rowOf('rotated');
      await userOf('rotated');
      const rotated = await app.tenants.rotateCredentials('rotated');
      const after = await rowOf('rotated');
      expect(after.user).not.toBe(before.user);
      expect(after).toMatchObject({ unusedUser: null, rotatedAt: expect.any(Date) });
      expect(rotated.placement.account?.user).toBe(after.user);
      expect(await userOf('rotated')).toBe(after.user);
      expect(await accountsOf('rotated')).toEqual([after.user]);
      expect(await isThere(before.user!)).toBe(false);
    });

    it('another process, and whoever holds the tenant, go on', async () => {
      const other = await startOther(PER_TENANT);
      await app.tenants.create({ slug: 'held' });
      const held = await lookup('held', other);
      const view = other.pools.dataSource(held);
      await view.query('SELECT 1');
      await app.tenants.rotateCredentials('held');
      await app.tenants.rotateCredentials('held');
      const { user } = await rowOf('held');
      // Its idle connection is still logged in as the first; without it the server has to be asked.
      await other.pools.drain(held);
      const names = await Promise.all(
        Array.from({ length: 5 }, () => view.query('SELECT CURRENT_USER() AS name')),
      );
      expect(names).toEqual(Array.from({ length: 5 }, () => [{ name: `${user}@%` }]));
      expect((await lookup('held', other)).placement.account?.user).toBe(user);
      expect(await userOf('held', other)).toBe(user);
    });

    it('an account that somebody has taken away is refused, until there is a new one', async () => {
      await app.tenants.create({ slug: 'robbed' });
      const { user } = await rowOf('robbed');
      await admin(`DROP USER '${user}'@'%'`);
      expect(await codeOf(() => userOf('robbed'))).toBe('ACCOUNT_REFUSED');
      expect(await codeOf(() => userOf('robbed'))).toBe('ACCOUNT_REFUSED');
      await app.tenants.rotateCredentials('robbed');
      expect(await userOf('robbed')).toBe((await rowOf('robbed')).user);
    });

    it('two at once leave one', async () => {
      await app.tenants.create({ slug: 'twice' });
      await Promise.all([
        app.tenants.rotateCredentials('twice'),
        app.tenants.rotateCredentials('twice'),
      ]);
      expect(await accountsOf('twice')).toEqual([(await rowOf('twice')).user]);
      await userOf('twice');
    });

    it('tells a pair of events, without secrets', async () => {
      await app.tenants.create({ slug: 'telling' });
      const { id } = await app.tenants.get('telling');
      const told: unknown[] = [];
      const emitter = app.context.get(EventEmitter2);
      const listener = (name: string | string[], event: unknown) => told.push([name, event]);
      emitter.onAny(listener);
      await app.tenants.rotateCredentials('telling');
      emitter.offAny(listener);
      expect(told).toEqual([
        ['tenant.credentials-rotating', { tenantId: id, slug: 'telling' }],
        ['tenant.credentials-rotated', { tenantId: id, slug: 'telling' }],
      ]);
    });

    it('not those of a deleted tenant', async () => {
      await app.tenants.create({ slug: 'buried' });
      await app.tenants.delete('buried', { confirm: 'buried' });
      expect(await codeOf(() => app.tenants.rotateCredentials('buried'))).toBe(
        'TENANT_TRANSITION_REFUSED',
      );
    });
  });

  describe('a tenant that was created while all shared one', () => {
    it('is reached by that, gets its own by rotation, and is reached by the shared one again', async () => {
      const sharing = await startOther({});
      await sharing.tenants.create({ slug: 'convert' });
      expect(await accountsOf('convert')).toEqual([]);
      expect(await userOf('convert', sharing)).toBe('root');
      expect(await userOf('convert')).toBe('root');

      await app.tenants.rotateCredentials('convert');
      const { user } = await rowOf('convert');
      expect(await userOf('convert')).toBe(user);
      expect(await userOf('convert', sharing)).toBe('root');
      await sharing.tenants.delete('convert', { confirm: 'convert', dropDatabase: true });
      expect(await isThere(user!)).toBe(false);
    });
  });

  describe('are dropped with the tenant:', () => {
    it('with its database, not without', async () => {
      await app.tenants.create({ slug: 'mortal' });
      const { user } = await rowOf('mortal');
      await app.tenants.delete('mortal', { confirm: 'mortal' });
      expect(await isThere(user!)).toBe(true);
      await app.tenants.restore('mortal');
      expect(await userOf('mortal')).toBe(user);
      const { id } = await app.tenants.delete('mortal', { confirm: 'mortal', dropDatabase: true });
      expect(await isThere(user!)).toBe(false);
      expect(await rows().countBy({ tenantId: id })).toBe(0);
    });
  });

  describe('with other keys', () => {
    it('what is encrypted with one that is gone is not read, and says so', async () => {
      await app.tenants.create({ slug: 'locked' });
      const next = newKey();
      const other = await startOther({ ...PER_TENANT, credentialKeys: [next] });
      await expect(lookup('locked', other)).rejects.toMatchObject({
        code: 'CREDENTIAL_KEY_MISSING',
        status: 500,
      });
      expect(await other.tenants.get('locked')).toMatchObject({ slug: 'locked' });
      // With a new account it is read again, by whoever has the new key.
      await other.tenants.rotateCredentials('locked');
      expect(await userOf('locked', other)).toBe((await rowOf('locked')).user);
      const both = await startOther({ ...PER_TENANT, credentialKeys: [KEY, next] });
      await userOf('locked', both);
      await both.tenants.rotateCredentials('locked');
      await userOf('locked');
    });

    it('a row that is copied to another tenant is not read', async () => {
      await app.tenants.create({ slug: 'rich' });
      await app.tenants.create({ slug: 'thief' });
      const { user, secret } = await rowOf('rich');
      const own = await rowOf('thief');
      await rows().update({ tenantId: own.tenantId }, { user, secret });
      expect(await codeOf(() => lookup('thief'))).toBe('CREDENTIALS_UNREADABLE');
      await rows().update({ tenantId: own.tenantId }, { user: own.user, secret: own.secret });
      expect(await userOf('thief')).toBe(own.user);
    });
  });

  describe('with an account for provisioning,', () => {
    const RIGHTS =
      'SELECT, INSERT, UPDATE, DELETE, EXECUTE, SHOW VIEW, CREATE TEMPORARY TABLES, LOCK TABLES';
    let provisioner: string;
    let runner: string;
    beforeAll(async () => {
      const id = randomBytes(4).toString('hex');
      [provisioner, runner] = [`provisioner_${id}`, `runner_${id}`];
      const pattern = `\`${setup.databasePrefix.replaceAll('_', '\\_')}%\`.*`;
      await admin(`CREATE USER ${provisioner}@'%' IDENTIFIED BY 'secret'`);
      await admin(`CREATE USER ${runner}@'%' IDENTIFIED BY 'secret'`);
      await admin(`GRANT CREATE USER ON *.* TO ${provisioner}@'%'`);
      await admin(`GRANT ALL ON ${pattern} TO ${provisioner}@'%' WITH GRANT OPTION`);
    });
    afterAll(async () => {
      await admin(`DROP USER ${provisioner}@'%', ${runner}@'%'`);
    });
    const servers = () => {
      const url = new URL(setup.serverUrl);
      url.username = runner;
      url.password = 'secret';
      const provisioning = { user: provisioner, password: 'secret' };
      return { main: { url: url.href, maxConnections: 2, provisioning } };
    };
    const denied = async (from: TenancyApp, tenant: CurrentTenant) => {
      const dataSource = from.pools.dataSource(tenant);
      return from.tenancy.run(tenant, () =>
        dataSource.query('CREATE TABLE t (id INTEGER)').catch(({ errno }) => errno),
      );
    };

    it('the one of the URL needs no right at all where each tenant has its own', async () => {
      const hardened = await startOther({ ...PER_TENANT, servers: servers() });
      await hardened.tenants.create({ slug: 'hardened' });
      expect(await userOf('hardened', hardened)).toBe((await rowOf('hardened')).user);
      expect(await denied(hardened, await lookup('hardened', hardened))).toBe(1142);
      await hardened.tenants.rotateCredentials('hardened');
      expect(await accountsOf('hardened')).toEqual([(await rowOf('hardened')).user]);
      await hardened.tenants.delete('hardened', { confirm: 'hardened', dropDatabase: true });
      expect(await accountsOf('hardened')).toEqual([]);
    });

    it('the one of the URL needs none to change a schema where tenants share it', async () => {
      const pattern = `\`${setup.databasePrefix.replaceAll('_', '\\_')}%\`.*`;
      await admin(`GRANT ${RIGHTS} ON ${pattern} TO ${runner}@'%'`);
      const sharing = await startOther({ servers: servers() });
      await sharing.tenants.create({ slug: 'provisioned' });
      expect(await userOf('provisioned', sharing)).toBe(runner);
      expect(await denied(sharing, await lookup('provisioned', sharing))).toBe(1142);
      const provisioned = { confirm: 'provisioned', dropDatabase: true };
      await sharing.tenants.delete('provisioned', provisioned);
    });
  });
});

/** The spellings of a key. */
function secretsIn(key: string): string[] {
  const bytes = Buffer.from(key, 'base64');
  return [key, bytes.toString('hex'), bytes.toString('base64url')];
}
