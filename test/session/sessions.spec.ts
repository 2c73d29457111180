import type { INestApplication } from '@nestjs/common';
import { Tenancy, TenantService } from '../../lib/index.js';
import { TenantSessions } from '../../lib/session/index.js';
import { databasesOf, type Databases } from '../support/databases.js';
import { RedisConnections } from '../../lib/redis/redis-connections.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { until } from '../support/until.js';
import { Browser, PLATFORMS, startSessionApp, type SessionAppParts } from './session-app.js';

const ACME = 'acme.localhost';
const GLOBEX = 'globex.localhost';

const places = [
  ...engines.map((engine) => ({ ...engine, store: 'database' as const })),
  { ...engines[0]!, store: 'redis' as const },
];

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe.each(places)('on $name, in the $store', ({ prepare, store }) => {
  describe.each(PLATFORMS)('on %s', (platform) => {
    let setup: EngineSetup;
    let databases: Databases;
    let app: INestApplication;
    let tenants: TenantService;

    const start = async (parts: SessionAppParts = {}) => {
      setup = await prepare();
      databases = databasesOf(setup);
      app = await startSessionApp(platform, setup, {
        session: { store, ...parts.session },
        tenancy: { redis: { url: redis.url } },
      });
      tenants = app.get(TenantService);
      await tenants.create({ slug: 'acme' });
      await tenants.create({ slug: 'globex' });
    };
    const rowsOf = async (slug: string): Promise<unknown[]> => {
      const { id, placement } = await tenants.get(slug);
      return store === 'database'
        ? databases.query(placement.database, 'SELECT * FROM sessions')
        : ((await app
            .get(RedisConnections)
            .command('KEYS', `tenancy:sessions:{${id}:*}:session:*`)) as unknown[]);
    };
    const loggedIn = async (host: string, user = 'ada') => {
      const browser = new Browser(app);
      await browser.post(host, `/login/${user}`);
      return browser;
    };
    const stale = { status: 401, body: expect.objectContaining({ code: 'SESSION_STALE' }) };

    afterEach(async () => {
      await app.close();
      await setup.cleanUp();
    });

    it('a session is kept from request to request, in its tenant’s table', async () => {
      await start();
      const browser = new Browser(app);
      expect((await browser.get(ACME, '/session')).setCookie).toEqual([]);
      const { setCookie } = await browser.post(ACME, '/session', { cart: ['tea'] });
      expect(setCookie).toEqual([
        expect.stringMatching(/^sid=.*; Path=\/; HttpOnly; SameSite=Lax/),
      ]);
      expect((await browser.get(ACME, '/session')).body).toEqual({ cart: ['tea'], tenant: 'acme' });
      await browser.post(ACME, '/session', { cart: ['tea', 'milk'] });
      expect((await browser.get(ACME, '/session')).body).toMatchObject({ cart: ['tea', 'milk'] });
      expect(await rowsOf('acme')).toHaveLength(1);
      expect(await rowsOf('globex')).toEqual([]);
    });

    it('a cookie that is replayed at another tenant ends that session, and no other', async () => {
      await start();
      const thief = await loggedIn(ACME);
      const other = await loggedIn(ACME);
      const there = await loggedIn(GLOBEX);
      expect(await thief.get(GLOBEX, '/session')).toMatchObject(stale);
      expect(thief.jar.size).toBe(0);
      expect(await rowsOf('acme')).toHaveLength(1);
      expect((await other.get(ACME, '/session')).body).toMatchObject({ userId: 'ada' });
      expect((await there.get(GLOBEX, '/session')).body).toMatchObject({ userId: 'ada' });
      expect((await thief.get(GLOBEX, '/session')).body).toEqual({ tenant: 'globex' });
    });

    it('a cookie from before its tenant was restored ends that session, and no other', async () => {
      await start();
      const before = await loggedIn(ACME);
      const replayed = [...before.jar];
      const { name } = await tenants.get('acme');
      await tenants.delete('acme', { confirm: name });
      await tenants.restore('acme');
      const after = await loggedIn(ACME);
      expect(await rowsOf('acme')).toHaveLength(2);
      expect(await before.get(ACME, '/session')).toMatchObject(stale);
      expect(before.jar.size).toBe(0);
      expect(await rowsOf('acme')).toHaveLength(1);
      for (const [cookie, value] of replayed) before.jar.set(cookie, value);
      expect(await before.get(ACME, '/session')).toMatchObject(stale);
      expect((await after.get(ACME, '/session')).body).toMatchObject({ userId: 'ada' });
    });

    it('a cookie that nobody signed leads nowhere', async () => {
      await start();
      const browser = await loggedIn(ACME);
      const forged = await loggedIn(GLOBEX);
      const { id } = await tenants.get('acme');
      const [name, value] = [...forged.jar][0]!;
      // The part of the random bits and the signature, behind another tenant.
      const decoded = decodeURIComponent(value);
      forged.jar.set(name, encodeURIComponent(decoded.replace(/[0-9a-f-]{36}/, id)));
      expect((await forged.get(ACME, '/session')).body).toEqual({ tenant: 'acme' });
      expect((await browser.get(ACME, '/session')).body).toMatchObject({ userId: 'ada' });
    });

    it('a login does not go on under an id that was there before it', async () => {
      await start();
      const attacker = new Browser(app);
      await attacker.post(ACME, '/session', { planted: true });
      const victim = new Browser(app);
      for (const [name, value] of attacker.jar) victim.jar.set(name, value);
      await victim.post(ACME, '/login/ada');
      expect((await victim.get(ACME, '/session')).body).toEqual({ userId: 'ada', tenant: 'acme' });
      expect((await attacker.get(ACME, '/session')).body).toEqual({ tenant: 'acme' });
    });

    it('and where the app forgets to begin a new one, nobody is logged in', async () => {
      await start();
      const attacker = new Browser(app);
      await attacker.post(ACME, '/session', { planted: true });
      const victim = new Browser(app);
      for (const [name, value] of attacker.jar) victim.jar.set(name, value);
      expect(await victim.post(ACME, '/careless-login/ada')).toMatchObject({
        status: 500,
        body: { code: 'SESSION_FIXATION' },
      });
      for (const browser of [attacker, victim]) {
        expect((await browser.get(ACME, '/session')).body).toEqual({
          planted: true,
          tenant: 'acme',
        });
      }
      // Without a session before, there is nothing that anybody could have planted.
      expect((await new Browser(app).post(ACME, '/careless-login/ada')).status).toBe(201);
    });

    it('one that nobody uses expires by itself', async () => {
      await start({ session: { lifetime: 1 } });
      const browser = await loggedIn(ACME);
      const tenancy = app.get(Tenancy);
      const sessions = app.get(TenantSessions);
      await until('it has expired', () =>
        tenancy.run('acme', async () => (await sessions.list()).length === 0),
      );
      expect((await browser.get(ACME, '/session')).body).toEqual({ tenant: 'acme' });
    });

    it('a session that is ended while a request uses it stays ended', async () => {
      await start();
      const browser = await loggedIn(ACME);
      await browser.post(ACME, '/ended-meanwhile');
      expect(await rowsOf('acme')).toEqual([]);
      expect((await browser.get(ACME, '/session')).body).toEqual({ tenant: 'acme' });
    });

    it('a response that ends outside of its request is written down all the same', async () => {
      await start();
      const browser = await loggedIn(ACME);
      expect((await browser.post(ACME, '/answered-from-elsewhere')).status).toBe(201);
      expect((await browser.get(ACME, '/session')).body).toMatchObject({ late: true });
    });

    it('a new one that is saved twice at once is kept as it was last', async () => {
      await start();
      const browser = new Browser(app);
      expect((await browser.post(ACME, '/hasty')).status).toBe(201);
      const { body } = await browser.get(ACME, '/session');
      expect(body).toEqual({ first: 1, second: 2, tenant: 'acme' });
      expect(await rowsOf('acme')).toHaveLength(1);
    });

    it('one that is ended while it is saved is ended', async () => {
      await start();
      const browser = new Browser(app);
      expect((await browser.post(ACME, '/hasty-logout')).status).toBe(201);
      expect(await rowsOf('acme')).toEqual([]);
    });

    it('logging out ends it', async () => {
      await start();
      const browser = await loggedIn(ACME);
      await browser.post(ACME, '/logout');
      expect(await rowsOf('acme')).toEqual([]);
    });

    it('sessions of a user are listed, and ended one by one or all but the own', async () => {
      await start();
      const [first, second, third] = [
        await loggedIn(ACME),
        await loggedIn(ACME),
        await loggedIn(ACME),
      ];
      await loggedIn(ACME, 'bob');
      const elsewhere = await loggedIn(GLOBEX);
      const list = (await first.get(ACME, '/sessions')).body as { id: string; current: boolean }[];
      expect(list).toHaveLength(4);
      expect(list.filter(({ current }) => current)).toEqual([
        expect.objectContaining({ user: 'ada', ipAddress: '127.0.0.1', userAgent: 'a browser' }),
      ]);
      const own = list.find(({ current }) => current)!;
      expect((await second.delete(ACME, `/sessions/${own.id}`)).body).toEqual({ ended: true });
      expect((await first.get(ACME, '/session')).body).toEqual({ tenant: 'acme' });
      expect((await second.delete(ACME, '/users/ada/sessions')).body).toEqual({ ended: 1 });
      expect((await third.get(ACME, '/session')).body).toEqual({ tenant: 'acme' });
      expect((await second.get(ACME, '/session')).body).toMatchObject({ userId: 'ada' });
      expect((await elsewhere.get(GLOBEX, '/session')).body).toMatchObject({ userId: 'ada' });
    });

    it('requests without a tenant that is served have no session', async () => {
      await start();
      const browser = await loggedIn(ACME);
      expect((await browser.get('localhost', '/central')).body).toEqual({ hasSession: false });
      await tenants.suspend('acme');
      expect(await browser.get(ACME, '/session')).toMatchObject({
        status: 403,
        body: { code: 'TENANT_SUSPENDED' },
      });
      await tenants.activate('acme');
      expect((await browser.get(ACME, '/session')).body).toMatchObject({ userId: 'ada' });
    });

    it('interleaved requests of two tenants keep their sessions apart', async () => {
      await start();
      const browsers = await Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          const host = n % 2 === 0 ? ACME : GLOBEX;
          return { host, n, browser: await loggedIn(host, `user-${n}`) };
        }),
      );
      for (let round = 0; round < 3; round += 1) {
        const seen = await Promise.all(
          browsers.map(async ({ host, n, browser }) => {
            await browser.post(host, '/session', { round });
            return [n, (await browser.get(host, '/session')).body];
          }),
        );
        expect(seen).toEqual(
          browsers.map(({ host, n }) => [
            n,
            { userId: `user-${n}`, round, tenant: host.split('.')[0] },
          ]),
        );
      }
    });

    it('outside of a tenant, sessions are refused', async () => {
      await start();
      const sessions = app.get(TenantSessions);
      await expect(sessions.list()).rejects.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
      await expect(sessions.endAll()).rejects.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
      await app.get(Tenancy).run('acme', () => sessions.endAll());
    });

    // Redis forgets by itself, and has no way to say that it is later.
    if (store !== 'database') return;

    it('that a session is stale is found out without the database', async () => {
      await start();
      const browser = await loggedIn(ACME);
      for (const slug of ['acme', 'globex']) {
        const { placement } = await tenants.get(slug);
        await databases.query(placement.database, 'DROP TABLE sessions');
      }
      expect(await browser.get(GLOBEX, '/session')).toMatchObject(stale);
    });

    it('an expired session is not there any more', async () => {
      await start({ session: { lifetime: 60 } });
      const browser = await loggedIn(ACME);
      const { placement } = await tenants.get('acme');
      await databases.query(
        placement.database,
        'UPDATE sessions SET last_activity = last_activity - 40',
      );
      expect((await browser.get(ACME, '/session')).body).toMatchObject({ userId: 'ada' });
      await databases.query(
        placement.database,
        'UPDATE sessions SET last_activity = last_activity - 40',
      );
      // That use was noted: without it, this would be too late.
      expect((await browser.get(ACME, '/session')).body).toMatchObject({ userId: 'ada' });
      await databases.query(
        placement.database,
        'UPDATE sessions SET last_activity = last_activity - 61',
      );
      expect((await browser.get(ACME, '/session')).body).toEqual({ tenant: 'acme' });
    });

    it('a persistent cookie lives as long as its session is used', async () => {
      await start({ session: { lifetime: 60, cookie: { persistent: true } } });
      const browser = await loggedIn(ACME);
      const { placement } = await tenants.get('acme');
      const reply = await browser.get(ACME, '/session');
      expect(reply.setCookie).toEqual([expect.stringContaining('Expires=')]);
      await databases.query(
        placement.database,
        `UPDATE sessions SET payload = REPLACE(payload, '"expires":"2', '"expires":"1')`,
      );
      expect((await browser.get(ACME, '/session')).body).toMatchObject({ userId: 'ada' });
    });
  });
});
