import { Agent } from 'node:http';
import { createTenants, startApp, type TestApp } from '../../support/app.js';
import { databasesOf } from '../../support/databases.js';
import type { EngineSetup } from '../../support/engines.js';
import { Person, Project, Task, Team } from '../../support/projects.js';
import type { Seeded } from '../../support/seeded.js';
import { until } from '../../support/until.js';
import { BoardModule, RunningHandlers } from './board.module.js';
import { Ledger } from './ledger.js';
import type { Operation, Visit } from './operation.js';

const TENANTS = 50;
const TASKS_PER_TENANT = 9;

/** As in most apps, most of what is done is to read a little; the rest takes several times as long. */
const SHARE_OF_FREQUENT = 0.6;

export interface Load {
  readonly operations: Record<string, Operation>;
  /** Names of those that are done more often than the others. */
  readonly frequent: readonly string[];
  readonly count: number;
  readonly concurrency: number;
  /** Among how many of the tenants; fewer meet more often on one connection. */
  readonly tenants?: number;
}

/** An app with fifty tenants whose rows have the same keys and different contents, and the ledgers of what they write. */
export class Board {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 40 });

  private constructor(
    private readonly setup: EngineSetup,
    readonly app: TestApp,
    private readonly visits: readonly Pick<Visit, 'tenant' | 'ledger'>[],
  ) {}

  static async start(setup: EngineSetup, maxConnections: number): Promise<Board> {
    const app = await startApp(setup, {
      imports: [BoardModule],
      maxConnections,
      acquireTimeout: 60_000,
    });
    const slugs = Array.from({ length: TENANTS }, (_, n) => `t${n}`);
    await createTenants(app, slugs);
    const visits = [];
    for (const slug of slugs) {
      const tenant = await app.tenancy.run(slug, () => app.tenancy.require());
      const ledger = new Ledger(slug, tenant.placement.database);
      visits.push({ tenant, ledger });
      await app.tenancy.run(tenant, () => fill(app, ledger));
    }
    return new Board(setup, app, visits);
  }

  /** Does `count` operations, each for a random tenant, `concurrency` at a time. Ends with the first that fails. */
  async run(load: Load, random: Seeded): Promise<void> {
    const { operations, frequent, count, concurrency, tenants = TENANTS } = load;
    const { app, agent } = this;
    const visits = this.visits.slice(0, tenants);
    const folder = this.setup.serverUrl.replace(/^sqlite:/, '');
    const names = Object.keys(operations);
    const failures: Error[] = [];
    let started = 0;
    const worker = async () => {
      while (started < count && failures.length === 0) {
        started += 1;
        const name = random.pick(random.next() < SHARE_OF_FREQUENT ? frequent : names);
        const visit = { ...random.pick(visits), other: random.pick(visits).tenant };
        const given = { app, agent, random, folder, ...visit };
        await operations[name]!(given).catch((cause: unknown) => {
          const problem = `${name}, for ${visit.tenant.slug}: ${String(cause)}`;
          failures.push(new Error(problem, { cause }));
        });
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    await app.nest.get(RunningHandlers, { strict: false }).ended();
    if (failures.length > 0) throw failures[0]!;
  }

  /** Every connection is given back, and every database holds what its tenant wrote and nothing else. */
  async verify(): Promise<void> {
    await until('every connection is given back', () => this.stats().leased === 0);
    const databases = databasesOf(this.setup);
    for (const { ledger } of this.visits) await ledger.verify(databases);
  }

  stats() {
    return this.app.pools.stats().servers[0]!;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.app.close();
  }
}

/** The same keys for every tenant, the contents its own. */
async function fill({ dataSource }: TestApp, ledger: Ledger): Promise<void> {
  const row = (id: number) => ({ id, marker: ledger.marker(id) });
  await dataSource.transaction(async (manager) => {
    await manager.insert(Team, row(1));
    await manager.insert(Person, { ...row(1), team: { id: 1 } });
    await manager.insert(Project, [1, 2, 3].map(row));
    const tasks = Array.from({ length: TASKS_PER_TENANT }, (_, n) => ({
      ...row(n + 1),
      project: { id: 1 + (n % 3) },
      assignee: { id: 1 },
    }));
    // A lazy relation is a promise in the type, and a key in what is inserted.
    await manager.insert(Task, tasks as object[]);
  });
  ledger.hasPair(row(1));
}
