import type { ChildProcess } from 'node:child_process';
import type { TenantService } from '../../../lib/index.js';
import { kill, nextMessage, type ChildProgram } from '../../support/child-program.js';
import { databasesOf } from '../../support/databases.js';
import type { EngineSetup, TestEngine } from '../../support/engines.js';
import { Note } from '../../support/notes.js';
import { startTenancyApp, type TenancyApp } from '../../support/tenancy-app.js';
import {
  adoptedOf,
  crashingOptions,
  hostOf,
  seedOnce,
  WORKS,
  type Job,
  type Work,
} from './crashing-app.js';

/** A tenant whose process is killed, and the place where it was. */
export interface Death extends Job {
  readonly place: EngineSetup;
}

/** No statement has this number. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** Jobs that one child dies with. On a server each has two or three connections open, of 151 for all tests. */
const AT_ONCE = { sqlite: 60, mariadb: 24, mysql: 24 };

/** Kills processes at their work on tenants, and looks at what they leave. */
export class Deaths {
  /** Of each work, when nobody kills it. */
  readonly statements = new Map<Work, readonly string[]>();
  /** How often the seed has run in this process. */
  seeds = 0;
  private readonly places: EngineSetup[] = [];
  private readonly apps = new Map<EngineSetup, TenancyApp>();

  constructor(
    private readonly engine: TestEngine,
    private readonly program: ChildProgram,
  ) {}

  /** Has every work done once, for its {@link statements}. */
  async count(): Promise<void> {
    const works = WORKS.filter((work) => work !== 'rotate' || this.hasAccounts);
    const whole = await Promise.all(works.map((work) => this.plan(work, NEVER)));
    const statements = await this.die(whole);
    whole.forEach(({ work }, index) => this.statements.set(work, statements[index]));
  }

  async plan(work: Work, stopBefore: number, prefix = ''): Promise<Death> {
    const place = await this.newPlace();
    const { centralUrl, serverUrl, databasePrefix } = place;
    const slug = `${prefix}${work.replaceAll(' ', '-')}-${stopBefore}`;
    const death = { place, centralUrl, serverUrl, databasePrefix, slug, work, stopBefore };
    // Always an app of ours first, so that no child has to create the central tables.
    const { tenants } = await this.appOf(place);
    if (work === 'delete' || work === 'rotate') {
      await tenants.create({ slug, domains: [hostOf(slug)] });
    }
    if (work === 'adopt') await this.makeForeign(death);
    return death;
  }

  get hasAccounts(): boolean {
    return this.engine.name !== 'sqlite';
  }

  /** One before each statement from the `from`-th to the `to`-th. */
  async planAll(work: Work, from: number, to: number, prefix = ''): Promise<Death[]> {
    const deaths: Death[] = [];
    for (let n = from; n <= to; n += 1) deaths.push(await this.plan(work, n, prefix));
    return deaths;
  }

  /** Lets children come as far as each job says, and kills them. Gives the statements of each. */
  async die(deaths: readonly Death[]): Promise<string[][]> {
    const statements: string[][] = [];
    const atOnce = AT_ONCE[this.engine.name];
    for (let start = 0; start < deaths.length; start += atOnce) {
      const { child, begun } = await this.begin(deaths.slice(start, start + atOnce));
      statements.push(...begun);
      await kill(child);
    }
    return statements;
  }

  /** Lets a child come as far as each job says, and leaves it there, alive. */
  async begin(deaths: readonly Death[]): Promise<{ child: ChildProcess; begun: string[][] }> {
    const child = this.program.next();
    child.send(deaths.map(({ place: _place, ...job }) => job));
    return { child, begun: await nextMessage<string[][]>(child) };
  }

  async appOf(place: EngineSetup): Promise<TenancyApp> {
    const app = this.apps.get(place) ?? (await this.startApp(place));
    this.apps.set(place, app);
    return app;
  }

  async startApp(place: EngineSetup): Promise<TenancyApp> {
    const options = crashingOptions(place, (_tenant, dataSource) => {
      this.seeds += 1;
      return seedOnce(dataSource);
    });
    return startTenancyApp(place, { options });
  }

  async tenantsOf({ place }: Death): Promise<TenantService> {
    return (await this.appOf(place)).tenants;
  }

  databaseOf({ databasePrefix, slug, work }: Death): string {
    return work === 'adopt'
      ? adoptedOf(databasePrefix, slug)
      : databasePrefix + slug.replaceAll('-', '_');
  }

  /** A database with the name of the tenant's, of somebody else. */
  async makeForeign(death: Death): Promise<void> {
    const databases = databasesOf(death.place);
    const database = this.databaseOf(death);
    await databases.create(database);
    await databases.query(database, 'CREATE TABLE treasure (gold INT)');
    await databases.query(database, 'INSERT INTO treasure VALUES (42)');
  }

  async notesOf(death: Death): Promise<unknown[]> {
    const sql = 'SELECT text FROM notes ORDER BY id';
    const rows = await databasesOf(death.place).query(this.databaseOf(death), sql);
    return rows.map(({ text }) => text);
  }

  async treasureOf(death: Death): Promise<unknown[]> {
    return databasesOf(death.place).query(this.databaseOf(death), 'SELECT gold FROM treasure');
  }

  /** What is left of the tenant, looked at past this package where that is possible. */
  async stateOf(death: Death): Promise<object> {
    const { tenants, tenancy, pools } = await this.appOf(death.place);
    const databases = databasesOf(death.place);
    const database = this.databaseOf(death);
    const tenant = await tenants.find(death.slug);
    const status = tenant?.status ?? null;
    const host = (await tenants.find(hostOf(death.slug))) !== null;
    const accounts = await this.accountsOf(death);
    if (!(await databases.names()).includes(database)) {
      return { status, host, accounts, tables: null };
    }
    const tables = await databases.tables(database);
    if (tenant?.status !== 'active') return { status, host, accounts, tables };
    const column = async (sql: string) =>
      (await databases.query(database, sql)).map(({ value }) => value);
    const { step, failure } = tenant;
    return {
      status,
      step,
      failure,
      host,
      accounts,
      tables,
      migrations: await column('SELECT name AS value FROM migrations ORDER BY id'),
      notes: await column('SELECT text AS value FROM notes ORDER BY id'),
      served: await tenancy.run(tenant.id, () =>
        pools.dataSource(tenant).getRepository(Note).count(),
      ),
    };
  }

  /** How many accounts have rights on its database. */
  async accountsOf(death: Death): Promise<number> {
    if (death.place.admin === undefined) return 0;
    const pattern = this.databaseOf(death).replaceAll('_', '\\\\_');
    const sql = `SELECT DISTINCT user FROM mysql.db WHERE db = '${pattern}'`;
    return (await death.place.admin(sql)).length;
  }

  async close(): Promise<void> {
    await Promise.all([...this.apps.values()].map((app) => app.close()));
    await Promise.all(this.places.map((place) => place.cleanUp()));
  }

  /** Tenants of one SQLite folder would wait for each other: whoever stops while it writes holds the central file. */
  private async newPlace(): Promise<EngineSetup> {
    const [first] = this.places;
    if (first !== undefined && this.engine.name !== 'sqlite') return first;
    const place = await this.engine.prepare();
    this.places.push(place);
    return place;
  }
}
