import { randomBytes } from 'node:crypto';
import { setImmediate as immediate } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { CurrentTenant } from '../../lib/index.js';
import type { ServerAdministration } from '../../lib/database/engines/engine.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

const KEY = randomBytes(32).toString('base64');
const SLUGS = ['calm', 'restless', 'busy'];
const ROTATIONS = 12;
const CLIENTS = 8;

describe.each(engines)('rotation under load on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  /** Two processes, as far as either can see. */
  let apps: readonly [TenancyApp, TenancyApp];
  const start = () =>
    startTenancyApp(setup, {
      options: {
        tenants: {
          servers: { main: { url: setup.serverUrl, maxConnections: 3, acquireTimeout: 20_000 } },
          entities: [Note],
          migrations: [CreateNotes1700000000001],
          ...(engine !== 'sqlite' && { credentials: 'per-tenant', credentialKeys: [KEY] }),
        },
      },
    });
  beforeAll(async () => {
    setup = await prepare();
    apps = [await start(), await start()];
    for (const slug of SLUGS) await apps[0].tenants.create({ slug });
  });
  afterAll(async () => {
    for (const slug of SLUGS) {
      await apps[0].tenants.delete(slug, { confirm: slug, dropDatabase: true });
    }
    await Promise.all(apps.map((app) => app.close()));
    await setup.cleanUp();
  });

  if (engine === 'sqlite') {
    it('is refused: there is nothing to rotate', async () => {
      const rotating = apps[0].tenants.rotateCredentials('calm');
      await expect(rotating).rejects.toMatchObject({ code: 'CREDENTIALS_SHARED' });
    });
    return;
  }

  it('loses no request of any process, also of those who hold the tenant', async () => {
    const outcome = { requests: 0, failures: [] as unknown[], foreign: 0, users: new Set() };
    const stop = new AbortController();
    const request = async (
      work: () => Promise<{ database: string; user: string }>,
      slug: string,
    ) => {
      outcome.requests += 1;
      try {
        const { database, user } = await work();
        outcome.users.add(user);
        if (database !== setup.databasePrefix + slug) outcome.foreign += 1;
      } catch (error) {
        outcome.failures.push(error);
      }
    };
    /** Resolves once requests were served under so many accounts. */
    const served = async (accounts: number) => {
      while (outcome.users.size < accounts) await immediate();
    };
    const clients = apps.flatMap((app) =>
      Array.from({ length: CLIENTS }, async (_, index) => {
        const slug = SLUGS[index % SLUGS.length]!;
        const held = await app.registry.byReference(slug);
        while (!stop.signal.aborted) {
          await request(() => inRequest(app, slug), slug);
          await request(() => inTransaction(app, held), slug);
        }
      }),
    );
    await served(SLUGS.length);
    for (let turn = 0; turn < ROTATIONS; turn += 1) {
      const before = outcome.users.size;
      await apps[turn % 2]!.tenants.rotateCredentials('restless');
      if (turn % 3 === 0) await apps[0].tenants.rotateCredentials('busy');
      await served(before + 1);
    }
    // And some in a row, that nobody need have noticed before the next.
    for (const app of [...apps, ...apps]) await app.tenants.rotateCredentials('restless');
    stop.abort();
    await Promise.all(clients);

    expect(outcome.failures).toEqual([]);
    expect(outcome.foreign).toBe(0);
    expect(outcome.requests).toBeGreaterThan(100);
    // The rotations were noticed by those that ran all the time.
    expect(outcome.users.size).toBeGreaterThanOrEqual(SLUGS.length + ROTATIONS);
    for (const { pools } of apps) {
      expect(pools.stats().servers).toMatchObject([{ leased: 0, waiting: 0, breaker: 'closed' }]);
    }
  }, 120_000);

  it('serves the tenant before and after each of its steps', async () => {
    const [app, other] = apps;
    const held = await other.registry.byReference('restless');
    const served: string[] = [];
    /** On a connection that has to log in, as who looks the tenant up now, and as who holds it. */
    const probe = async (when: string) => {
      for (const work of [() => inRequest(other, 'restless'), () => inTransaction(other, held)]) {
        other.registry.invalidate();
        await other.pools.drain(held);
        expect((await work()).database).toBe(held.placement.database);
      }
      served.push(when);
    };
    const administration = app.pools.administration('main');
    const between = new Proxy(administration, {
      get:
        (target, name: keyof ServerAdministration) =>
        async (...given: never[]) => {
          await probe(`before ${name}`);
          const method: (...given: never[]) => unknown = target[name].bind(target);
          const result = await method(...given);
          await probe(`after ${name}`);
          return result;
        },
    });
    Object.defineProperty(app.pools, 'administration', {
      configurable: true,
      value: () => between,
    });
    try {
      await app.tenants.rotateCredentials('restless');
    } finally {
      Reflect.deleteProperty(app.pools, 'administration');
    }
    expect(served).toEqual([
      'before createAccount',
      'after createAccount',
      'before dropAccount',
      'after dropAccount',
    ]);
  });

  it('many that are refused at once read the new account once', async () => {
    const [app, other] = apps;
    const held = await app.registry.byReference('restless');
    await other.tenants.rotateCredentials('restless');
    await app.pools.drain(held);
    let reads = 0;
    const accounts = app.pools.accounts;
    const registry = app.registry;
    accounts.readFrom((placement) => {
      reads += 1;
      return registry.accountAt(placement);
    });
    const dataSource = app.pools.dataSource(held);
    await Promise.all(
      Array.from({ length: 20 }, () => app.tenancy.run(held, () => whoIn(dataSource))),
    );
    expect(reads).toBe(1);
  });
});

const WHO = 'SELECT DATABASE() AS name, CURRENT_USER() AS user';

async function whoIn(dataSource: Pick<DataSource, 'query'>) {
  const [{ name, user }] = await dataSource.query(WHO);
  return { database: String(name), user: String(user) };
}

/** Looks the tenant up, as a request does. */
function inRequest({ tenancy, pools }: TenancyApp, slug: string) {
  return tenancy.run(slug, () => whoIn(pools.dataSource(tenancy.require())));
}

/** Goes on with a tenant that was looked up long ago, and leaves the session to be cleaned. */
function inTransaction({ pools }: TenancyApp, held: CurrentTenant) {
  return pools.dataSource(held).transaction(async (manager) => {
    await manager.query('SET @marker = 1');
    await manager.insert(Note, { text: 'kept' });
    return whoIn(manager);
  });
}
