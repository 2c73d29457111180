import type { ChildProcess } from 'node:child_process';
import type { DataSource } from 'typeorm';
import type { CurrentTenant, TenantService } from '../../lib/index.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { Note } from '../support/notes.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import {
  adoptedOf,
  crashingOptions,
  hostOf,
  seedOnce,
  type Job,
  type Work,
} from './crash/crashing-app.js';

/** Jobs that one child dies with. On a server each has up to three connections open, of 151 for all tests. */
const BATCH = { sqlite: 40, mariadb: 16, mysql: 16 };
const WORKS = ['create', 'create and fail', 'adopt', 'delete'] as const;
const NEVER = Number.MAX_SAFE_INTEGER;

const TABLES = ['cache', 'cache_locks', 'migrations', 'notes', 'sessions'];
const WHOLE = {
  status: 'active',
  step: 'done',
  failure: null,
  host: true,
  tables: TABLES,
  migrations: ['CreateCacheAndSessions1000000000002', 'CreateNotes1700000000001'],
  notes: ['migrated', 'seeded'],
  works: true,
};
const NOTHING = { status: null, host: false, tables: null };

let program: ChildProgram;
/** A child that has started already. */
let ready: ChildProcess;
beforeAll(() => {
  program = new ChildProgram('test/tenant/crash/child.ts');
  ready = program.start();
});
afterAll(() => program.dispose());

describe.each(engines)('a process killed before any of its statements on $name', (engine) => {
  const { name, prepare } = engine;
  /** Which half of the deaths is finished and which undone differs between engines. */
  const offset = engines.indexOf(engine);
  const places: EngineSetup[] = [];
  const apps = new Map<EngineSetup, TenancyApp>();
  /** Of each work, when nobody kills it. */
  const statementsOf = new Map<Work, readonly string[]>();
  let seed: (tenant: CurrentTenant, dataSource: DataSource) => Promise<void>;

  beforeEach(() => {
    seed = (_tenant, dataSource) => seedOnce(dataSource);
  });
  beforeAll(async () => {
    seed = (_tenant, dataSource) => seedOnce(dataSource);
    const whole = await Promise.all(WORKS.map((work) => plan(work, NEVER)));
    await Promise.all(whole.map(prepareFor));
    const statements = await die(whole);
    whole.forEach(({ work }, index) => statementsOf.set(work, statements[index]));
  });
  afterAll(async () => {
    await Promise.all([...apps.values()].map((app) => app.close()));
    await Promise.all(places.map((place) => place.cleanUp()));
  });

  /** Tenants of one SQLite folder would wait for each other: whoever stops while it writes holds the central file. */
  async function newPlace(): Promise<EngineSetup> {
    const [first] = places;
    if (first !== undefined && name !== 'sqlite') return first;
    const place = await prepare();
    places.push(place);
    return place;
  }

  async function startApp(place: EngineSetup): Promise<TenancyApp> {
    return startTenancyApp(place, { options: crashingOptions((...given) => seed(...given)) });
  }

  async function appOf(place: EngineSetup): Promise<TenancyApp> {
    const app = apps.get(place) ?? (await startApp(place));
    apps.set(place, app);
    return app;
  }

  /** A tenant whose process is gone, and the place where it was. */
  interface Death extends Job {
    readonly place: EngineSetup;
  }

  async function plan(work: Work, stopBefore: number, prefix = ''): Promise<Death> {
    const place = await newPlace();
    // Also so that no child waits for another to create the central tables.
    await appOf(place);
    const { centralUrl, serverUrl, databasePrefix } = place;
    const slug = `${prefix}${work.replaceAll(' ', '-')}-${stopBefore}`;
    return { place, centralUrl, serverUrl, databasePrefix, slug, work, stopBefore };
  }

  /** Lets a child come as far as each job says, and kills it. */
  async function die(deaths: readonly Death[]): Promise<string[][]> {
    const statements: string[][] = [];
    for (let start = 0; start < deaths.length; start += BATCH[name]) {
      const child = ready;
      // While this one dies, the next one starts.
      ready = program.start();
      child.send(deaths.slice(start, start + BATCH[name]).map(({ place: _place, ...job }) => job));
      statements.push(...(await nextMessage<string[][]>(child)));
      await kill(child);
    }
    return statements;
  }

  /** One before each statement from the `from`-th to the `to`-th. */
  async function deathsOf(work: Work, from: number, to: number, prefix = ''): Promise<Death[]> {
    const deaths: Death[] = [];
    for (let n = from; n <= to; n += 1) deaths.push(await plan(work, n, prefix));
    await Promise.all(deaths.map(prepareFor));
    await die(deaths);
    return deaths;
  }

  /** What must be there before. */
  async function prepareFor(death: Death): Promise<void> {
    const { work, slug, place } = death;
    if (work === 'delete') await (await tenantsOf(death)).create({ slug, domains: [hostOf(slug)] });
    if (work === 'adopt') await makeForeign(place, databaseOf(death));
  }

  async function makeForeign(place: EngineSetup, database: string): Promise<void> {
    const databases = databasesOf(place);
    await databases.create(database);
    await databases.query(database, 'CREATE TABLE treasure (gold INT)');
    await databases.query(database, 'INSERT INTO treasure VALUES (42)');
  }

  const tenantsOf = async ({ place }: Death): Promise<TenantService> =>
    (await appOf(place)).tenants;
  const databaseOf = ({ databasePrefix, slug, work }: Death) =>
    work === 'adopt' ? adoptedOf(databasePrefix, slug) : databasePrefix + slug.replaceAll('-', '_');

  /** What is left of the tenant, looked at past this package where that is possible. */
  async function stateOf(death: Death): Promise<object> {
    const { tenants, tenancy, pools } = await appOf(death.place);
    const databases = databasesOf(death.place);
    const database = databaseOf(death);
    const tenant = await tenants.find(death.slug);
    const host = (await tenants.find(hostOf(death.slug))) !== null;
    if (!(await databases.names()).includes(database)) {
      return { status: tenant?.status ?? null, host, tables: null };
    }
    const tables = await databases.tables(database);
    if (tenant?.status !== 'active') return { status: tenant?.status ?? null, host, tables };
    const column = async (sql: string) =>
      (await databases.query(database, sql)).map(({ value }) => value);
    const { status, step, failure } = tenant;
    const counted = await tenancy.run(tenant.id, () =>
      pools.dataSource(tenant).getRepository(Note).count(),
    );
    return {
      status,
      step,
      failure,
      host,
      tables,
      migrations: await column('SELECT name AS value FROM migrations ORDER BY id'),
      notes: await column('SELECT text AS value FROM notes ORDER BY id'),
      works: counted === 2,
    };
  }

  const treasureOf = (death: Death) =>
    databasesOf(death.place).query(databaseOf(death), 'SELECT gold FROM treasure');

  /** The outcome of every death by its tenant's slug, for a comparison that names those that differ. */
  async function afterwards(
    deaths: readonly Death[],
    act: (death: Death) => Promise<object>,
  ): Promise<Record<string, object>> {
    const entries = deaths.map(async (death) => [death.slug, await act(death)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  const each = (deaths: readonly Death[], expected: (death: Death) => unknown) =>
    Object.fromEntries(deaths.map((death) => [death.slug, expected(death)]));

  it('while it creates a tenant: repair finishes it, or undoes it', async () => {
    const statements = statementsOf.get('create')!;
    expect(statements.length).toBeGreaterThan(25);
    expect(statements).toContain('createDatabase');
    const deaths = await deathsOf('create', 1, statements.length);

    const committed = statements.indexOf('COMMIT') + 1;
    const undone = ({ stopBefore }: Death) => (stopBefore + offset) % 2 === 0;
    const done = statements.findIndex((sql) => /UPDATE .*\bstatus\b.*\bstep\b/.test(sql)) + 1;
    const states = await afterwards(deaths, async (death) => {
      const tenants = await tenantsOf(death);
      const before = await tenants.find(death.slug);
      if (before === null) return { ...(await stateOf(death)), before: null };
      const repaired = await tenants.repair(death.slug, { undo: undone(death) });
      expect(repaired?.status ?? null).toBe((await tenants.find(death.slug))?.status ?? null);
      return { ...(await stateOf(death)), before: before.status };
    });
    expect(states).toEqual(
      each(deaths, (death) => {
        if (death.stopBefore <= committed) return { ...NOTHING, before: null };
        if (death.stopBefore > done) return { ...WHOLE, before: 'active' };
        return { ...(undone(death) ? NOTHING : WHOLE), before: 'provisioning' };
      }),
    );
  }, 60_000);

  it('while it creates a tenant, and somebody makes a database of that name: it stays theirs', async () => {
    const statements = statementsOf.get('create')!;
    const created = statements.indexOf('createDatabase') + 1;
    const deaths = await deathsOf('create', statements.indexOf('COMMIT') + 2, created, 'f-');
    expect(deaths.length).toBeGreaterThan(2);

    const states = await afterwards(deaths, async (death) => {
      const database = databaseOf(death);
      await makeForeign(death.place, database);
      const tenants = await tenantsOf(death);
      await expect(tenants.repair(death.slug)).rejects.toMatchObject({
        code: 'TENANT_PROVISIONING_FAILED',
        message: expect.stringContaining(`already has a database "${database}"`),
      });
      const failed = await tenants.get(death.slug);
      expect(await tenants.repair(death.slug, { undo: true })).toBeNull();
      const treasure = await treasureOf(death);
      return { ...(await stateOf(death)), before: failed.status, treasure };
    });
    expect(states).toEqual(
      each(deaths, () => ({
        ...NOTHING,
        tables: ['treasure'],
        before: 'failed',
        treasure: [{ gold: 42 }],
      })),
    );
  });

  it('while it undoes a failed creation: repair ends that, or finishes the creation', async () => {
    const statements = statementsOf.get('create and fail')!;
    const seeded = statements.indexOf('seed') + 1;
    expect(statements.slice(seeded)).toContain('dropDatabase');
    const deaths = await deathsOf('create and fail', seeded + 1, statements.length);

    const dropping = statements.indexOf('dropDatabase') + 1;
    const states = await afterwards(deaths, async (death) => {
      await (await tenantsOf(death)).repair(death.slug);
      return stateOf(death);
    });
    expect(states).toEqual(
      each(deaths, ({ stopBefore }) => (stopBefore < dropping ? WHOLE : NOTHING)),
    );
  });

  it('while it adopts a database: what was in it stays, whatever becomes of the tenant', async () => {
    const statements = statementsOf.get('adopt')!;
    const reserved = statements.indexOf('COMMIT') + 1;
    const deaths = await deathsOf('adopt', reserved + 1, statements.length);

    const notes = statements.findIndex((sql) => /^CREATE TABLE .notes/.test(sql)) + 1;
    const recorded = statements.findLastIndex((sql) => /INSERT INTO .*migrations/.test(sql)) + 1;
    const states = await afterwards(deaths, async (death) => {
      const tenants = await tenantsOf(death);
      const [repaired] = await Promise.allSettled([tenants.repair(death.slug)]);
      const reason = repaired.status === 'rejected' ? String(repaired.reason.message) : '';
      const halfMigrated = /notes.* already exists/.test(reason);
      const { status } = await tenants.get(death.slug);
      const undone = await tenants.repair(death.slug, { undo: true });
      const treasure = await treasureOf(death);
      return { status, halfMigrated, undone: undone?.status ?? null, treasure };
    });
    // The app's own migration is there in part, and the database may not be emptied.
    const stuck = ({ stopBefore }: Death) =>
      name !== 'sqlite' && stopBefore > notes && stopBefore <= recorded;
    expect(states).toEqual(
      each(deaths, (death) => ({
        status: stuck(death) ? 'failed' : 'active',
        halfMigrated: stuck(death),
        undone: stuck(death) ? null : 'active',
        treasure: [{ gold: 42 }],
      })),
    );
  }, 60_000);

  it('while it deletes a tenant with its database: repair drops it', async () => {
    const statements = statementsOf.get('delete')!;
    const deaths = await deathsOf('delete', 1, statements.length);

    const deleted = statements.findIndex((sql) => /UPDATE .*\bstatus\b/.test(sql)) + 1;
    const states = await afterwards(deaths, async (death) => {
      await (await tenantsOf(death)).repair(death.slug);
      return stateOf(death);
    });
    expect(states).toEqual(
      each(deaths, ({ stopBefore }) =>
        stopBefore <= deleted ? WHOLE : { status: 'deleted', host: true, tables: null },
      ),
    );
    const last = deaths[deaths.length - 1];
    expect(await (await tenantsOf(last)).get(last.slug)).toMatchObject({ step: 'dropped' });
  });

  describe('and two that work on one tenant', () => {
    const halfMade = async (stopBefore: number, prefix: string) => {
      const death = await plan('create', stopBefore, prefix);
      const child = ready;
      ready = program.start();
      const { place: _place, ...job } = death;
      child.send([job]);
      await nextMessage(child);
      return { death, child };
    };

    it('while the creation lives, repair waits for it, but not for ever', async () => {
      const { death, child } = await halfMade(15, 'live-');
      const { tenants, pools } = await appOf(death.place);
      const central = pools.centralAdministration;
      const waits: string[] = [];
      const patient = { timeout: 200 };
      Object.defineProperty(pools, 'centralAdministration', {
        configurable: true,
        value: {
          withLock: (lock: string, timeout: number, work: () => Promise<unknown>) => {
            waits.push(lock);
            return central.withLock(lock, patient.timeout || timeout, work);
          },
        },
      });
      await expect(tenants.repair(death.slug)).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
      expect(await tenants.get(death.slug)).toMatchObject({ status: 'provisioning' });

      patient.timeout = 0;
      let repaired = false;
      const repairing = tenants.repair(death.slug).then(() => (repaired = true));
      await tenants.get(death.slug);
      expect(repaired).toBe(false);
      await kill(child);
      await repairing;
      expect(waits).toHaveLength(2);
      expect(await stateOf(death)).toEqual(WHOLE);
    });

    it('two repairs at once finish it once', async () => {
      const { death, child } = await halfMade(15, 'twice-');
      await kill(child);
      const other = await startApp(death.place);
      let seeds = 0;
      seed = (_tenant, dataSource) => {
        seeds += 1;
        return seedOnce(dataSource);
      };
      const { tenants } = await appOf(death.place);
      const repairs = [tenants.repair(death.slug), other.tenants.repair(death.slug)];
      for (const repaired of await Promise.all(repairs)) {
        expect(repaired).toMatchObject({ status: 'active' });
      }
      await other.close();
      expect(seeds).toBe(1);
      expect(await stateOf(death)).toEqual(WHOLE);
    });

    it('repair of a whole tenant does nothing', async () => {
      const death = await plan('create', NEVER, 'whole-');
      const { tenants } = await appOf(death.place);
      const whole = await tenants.create({ slug: death.slug, domains: [hostOf(death.slug)] });
      await tenants.suspend(whole);
      expect(await tenants.repair(whole)).toMatchObject({ status: 'suspended' });
      expect(await tenants.repair(whole, { undo: true })).toMatchObject({ status: 'suspended' });
      await tenants.activate(whole);
      expect(await stateOf(death)).toEqual(WHOLE);
    });
  });
});
