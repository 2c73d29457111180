import { TenantMigrator } from '../../lib/index.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { BEFORE, migratingOptions, NOW, type MigratingJob } from './crash/migrating-app.js';

type Statements = Readonly<Record<string, readonly string[]>>;

const OWN = 'CreateCacheAndSessions1000000000002';
const NEVER = Number.MAX_SAFE_INTEGER;
/** Tenants that one child dies with: on a server each has two or three connections open, of 151 for all tests. */
const AT_ONCE = { sqlite: 1, mariadb: 20, mysql: 20 };

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/migration/crash/child.ts');
});
afterAll(() => program.dispose());

describe.each(engines)('a process killed before any statement of a run on $name', (engine) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  beforeEach(async () => {
    setup = await engine.prepare();
  });
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const jobOf = (
    direction: MigratingJob['direction'],
    stopBefore: MigratingJob['stopBefore'],
  ): MigratingJob => {
    const { centralUrl, serverUrl, databasePrefix } = setup;
    return { centralUrl, serverUrl, databasePrefix, direction, stopBefore };
  };

  /** Has a child come as far as its job says for each tenant, and kills it. */
  const die = async (job: MigratingJob): Promise<Statements> => {
    const child = program.next();
    child.send(job);
    const statements = await nextMessage<Statements>(child);
    await kill(child);
    return statements;
  };

  const create = async (slugs: readonly string[]): Promise<void> => {
    app = await startTenancyApp(setup, { options: migratingOptions(BEFORE) });
    for (const slug of slugs) await app.tenants.create({ slug });
    await app.close();
    app = await startTenancyApp(setup, { options: migratingOptions(NOW) });
  };

  /** Kills a child before each of the statements of one tenant's run; gives the slugs. */
  const dieEverywhere = async (direction: MigratingJob['direction']): Promise<string[]> => {
    const { whole } = await die(jobOf(direction, { whole: NEVER }));
    expect(whole.length).toBeGreaterThan(20);
    const slugs = whole.map((_, index) => `t-${index + 1}`);
    // Those of a kill that both engines treat alike are enough of SQLite, where each takes a process.
    const chosen = engine.name === 'sqlite' ? slugs.filter((_, index) => index % 6 === 0) : slugs;
    await app.close();
    await createMore(chosen, direction);
    const atOnce = AT_ONCE[engine.name];
    for (let first = 0; first < chosen.length; first += atOnce) {
      const group = chosen.slice(first, first + atOnce);
      const stopBefore = Object.fromEntries(group.map((slug) => [slug, Number(slug.slice(2))]));
      await die(jobOf(direction, stopBefore));
    }
    return chosen;
  };

  const createMore = async (
    slugs: readonly string[],
    direction: MigratingJob['direction'],
  ): Promise<void> => {
    await create(slugs);
    if (direction === 'up') return;
    const report = await app.context.get(TenantMigrator).migrate({ only: slugs });
    expect(report).toMatchObject({ ok: true, migrated: slugs.length });
  };

  /** Of a tenant, looked at past this package. */
  const stateOf = async (slug: string) => {
    const databases = databasesOf(setup);
    const database = setup.databasePrefix + slug.replaceAll('-', '_');
    const column = async (sql: string) =>
      (await databases.query(database, sql)).map(({ value }) => value);
    const tables = await databases.tables(database);
    return {
      migrations: await column('SELECT name AS value FROM migrations ORDER BY id'),
      tables: tables.filter((table) => /shops|tills|shelves|goods/.test(table)),
      ...(tables.includes('tills') && {
        opened: (await column('SELECT opened AS value FROM shops')).map(Number),
      }),
      ...(tables.includes('shelves') && {
        shelves: (await column('SELECT id AS value FROM shelves')).map(Number),
      }),
    };
  };

  /** What somebody would who is told that rows of a tenant are in doubt: look whether they are there. */
  const look = async (slug: string): Promise<'done' | 'undone'> => {
    const [{ halfWay }] = (await app.context.get(TenantMigrator).status({ only: [slug] })).tenants;
    const [, verb, table] = /^(INSERT INTO|DELETE FROM) (\w+)/.exec(halfWay!.begun[0].sql)!;
    const database = setup.databasePrefix + slug.replaceAll('-', '_');
    const rows = await databasesOf(setup).query(database, `SELECT id FROM ${table}`);
    return rows.length > 0 === (verb === 'INSERT INTO') ? 'done' : 'undone';
  };

  const MIGRATED = {
    migrations: [OWN, ...NOW.map(({ name }) => name)],
    tables: ['goods', 'shelves', 'shops', 'tills'],
    opened: [2],
    shelves: [1],
  };
  const ROLLED_BACK = { migrations: [OWN, ...BEFORE.map(({ name }) => name)], tables: ['shops'] };

  const statesOf = async (slugs: readonly string[]): Promise<Record<string, unknown>> =>
    Object.fromEntries(await Promise.all(slugs.map(async (slug) => [slug, await stateOf(slug)])));
  const all = (slugs: readonly string[], state: unknown) =>
    Object.fromEntries(slugs.map((slug) => [slug, state]));

  it('up: resumed, every tenant has each migration exactly once', async () => {
    await create(['whole']);
    const slugs = await dieEverywhere('up');
    const migrator = app.context.get(TenantMigrator);
    const first = await migrator.migrate({ maxFailures: NEVER });
    // What is half-way is left until somebody says so.
    expect(first.failed).toEqual([]);
    if (engine.name === 'sqlite') expect(first.halfWay).toEqual([]);
    else expect(first.halfWay.length).toBeGreaterThan(10);
    const report = await migrator.migrate({ resume: true, maxFailures: NEVER });
    // Killed around the commit of rows in front of a DDL statement, nobody can know whether they are there.
    expect(report.failed.map(({ error }) => error)).toEqual(
      report.failed.map(() => expect.objectContaining({ code: 'TENANT_MIGRATION_HALF_WAY' })),
    );
    // Two commits, each with two moments; a run may have a statement more or less in front of them.
    expect(report.failed.length).toBeLessThanOrEqual(6);
    for (const { slug } of report.failed) {
      const options = { only: [slug], resume: true, begun: await look(slug) } as const;
      expect(await migrator.migrate(options)).toMatchObject({ ok: true, migrated: 1 });
    }
    expect(await statesOf(slugs)).toEqual(all(slugs, MIGRATED));
    expect(await migrator.migrate()).toMatchObject({ ok: true, current: slugs.length + 1 });
  }, 120_000);

  it('down: resumed, every tenant is where it was before', async () => {
    await createMore(['whole'], 'down');
    const slugs = await dieEverywhere('down');
    const migrator = app.context.get(TenantMigrator);
    const begun = new Map<string, number>();
    for (const slug of slugs) {
      // Those that were killed before anything was taken back have both to go, others the first of them alone.
      const { migrations } = await stateOf(slug);
      begun.set(slug, migrations.length - ROLLED_BACK.migrations.length);
    }
    for (const [slug, steps] of begun) {
      if (steps === 0) continue;
      const options = { only: [slug], resume: true } as const;
      let report = await migrator.rollback({ ...options, steps });
      const { code } = (report.failed[0]?.error ?? {}) as { code?: string };
      if (code === 'TENANT_MIGRATION_HALF_WAY') {
        report = await migrator.rollback({ ...options, steps, begun: await look(slug) });
      }
      expect({ slug, ...report }).toMatchObject({ ok: true, failed: [], migrated: 1 });
    }
    expect(await statesOf(slugs)).toEqual(all(slugs, ROLLED_BACK));
  }, 120_000);

  it('by kill -9 in the middle of many, with another run at its side', async () => {
    const slugs = Array.from({ length: 12 }, (_, index) => `s-${index}`);
    await create(slugs);
    const half = Object.fromEntries(slugs.slice(0, 6).map((slug, index) => [slug, 9 + 2 * index]));
    const child = program.next();
    child.send(jobOf('up', half));
    await nextMessage(child);
    const migrator = app.context.get(TenantMigrator);
    const beside = migrator.migrate({ except: slugs.slice(0, 6), maxFailures: NEVER });
    const waiting = migrator.migrate({ only: slugs.slice(0, 6), resume: true, maxFailures: NEVER });
    expect(await beside).toMatchObject({ ok: true, migrated: 6 });
    // It waits for the locks of the child, which lives until now.
    await kill(child);
    const { ok, failed } = await waiting;
    for (const { slug } of failed) {
      await migrator.migrate({ only: [slug], resume: true, begun: await look(slug) });
    }
    expect(ok).toBe(failed.length === 0);
    expect(await statesOf(slugs)).toEqual(all(slugs, MIGRATED));
  }, 60_000);
});
