import { EventEmitter, once } from 'node:events';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { ReadStream } from 'typeorm/platform/PlatformTools.js';
import { Person, Project, Task, Team } from '../../support/projects.js';
import type { Operation, Visit } from './operation.js';

interface RawTask {
  readonly task_marker: string;
}

const teamsOf = ({ app }: Visit) => app.dataSource.getRepository(Team);
const inTenant =
  (work: (visit: Visit) => Promise<unknown>): Operation =>
  async (visit) => {
    await visit.app.tenancy.run(visit.tenant, () => work(visit));
  };

async function readSome({ app, ledger, random }: Visit): Promise<void> {
  const id = 1 + random.below(3);
  ledger.check([await app.dataSource.getRepository(Project).findOneByOrFail({ id })]);
}

const streamOf = ({ app }: Visit): Promise<ReadStream> =>
  app.dataSource.getRepository(Task).createQueryBuilder('task').stream();

/** @throws when a streamed row is another tenant's */
function checkTask({ ledger }: Visit, row: unknown): void {
  ledger.check([{ marker: (row as RawTask).task_marker }]);
}

/** What an app does in a tenant without HTTP: in jobs, scripts, listeners. */
export const DIRECT_OPERATIONS: Record<string, Operation> = {
  find: inTenant(async (visit) => {
    visit.ledger.check(await teamsOf(visit).find({ order: { id: 'DESC' }, take: 10 }));
  }),
  'findOneBy a key that all tenants have': inTenant(readSome),
  'several reads at once': inTenant((visit) => Promise.all([readSome(visit), readSome(visit)])),
  'a raw query': inTenant(async ({ app, ledger, random }) => {
    const id = 1 + random.below(3);
    const sql = 'SELECT id, marker FROM projects WHERE id = ?';
    const rows = await app.dataSource.query<{ marker: string }[]>(sql, [id]);
    if (ledger.check(rows).length !== 1) throw new Error('The project is not there');
  }),
  'a query builder with a join': inTenant(async ({ app, ledger }) => {
    const tasks = await app.dataSource
      .createQueryBuilder(Task, 'task')
      .leftJoinAndSelect('task.assignee', 'assignee')
      .orderBy('task.id')
      .getMany();
    ledger.check(tasks);
    ledger.check(tasks.map(({ assignee }) => assignee!));
  }),
  insert: inTenant(async (visit) => {
    const row = visit.ledger.newRow();
    await teamsOf(visit).insert(row);
    visit.ledger.hasTeam(row);
  }),
  'save, change, save': inTenant(async (visit) => {
    const row = visit.ledger.newRow();
    const team = await teamsOf(visit).save(teamsOf(visit).create(row));
    team.marker += ' changed';
    await teamsOf(visit).save(team);
    visit.ledger.hasTeam({ ...row, marker: team.marker });
  }),
  'upsert twice': inTenant(async (visit) => {
    const row = visit.ledger.newRow();
    const changed = { ...row, marker: `${row.marker} upserted` };
    await teamsOf(visit).upsert(row, ['id']);
    await teamsOf(visit).upsert(changed, ['id']);
    visit.ledger.hasTeam(changed);
  }),
  'insert, update, delete by query builder': inTenant(async (visit) => {
    const [{ id, marker }, builder] = [visit.ledger.newRow(), teamsOf(visit).createQueryBuilder()];
    await builder.insert().values({ id, marker }).execute();
    await teamsOf(visit).createQueryBuilder().update().set({ marker }).where({ id }).execute();
    await teamsOf(visit).createQueryBuilder().delete().where({ id }).execute();
  }),
  'a transaction that is committed': inTenant(async ({ app, ledger }) => {
    const row = ledger.newRow();
    await app.dataSource.transaction(async (manager) => {
      await manager.insert(Team, row);
      await turn();
      ledger.check(await manager.find(Team, { order: { id: 'DESC' }, take: 5 }));
      await manager.insert(Person, row);
    });
    ledger.hasPair(row);
  }),
  'a transaction that is rolled back': inTenant(async ({ app, ledger }) => {
    const row = ledger.newRow();
    const failing = app.dataSource.transaction(async (manager) => {
      await manager.insert(Team, row);
      await manager.insert(Person, row);
      throw new Error('on purpose');
    });
    const failure: unknown = await failing.catch((error: unknown) => error);
    if (!(failure instanceof Error) || failure.message !== 'on purpose') throw failure;
  }),
  'a query runner with a savepoint': inTenant(async ({ app, ledger }) => {
    const [kept, undone] = [ledger.newRow(), ledger.newRow()];
    await using queryRunner = app.dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    await queryRunner.manager.insert(Team, kept);
    await queryRunner.startTransaction();
    await queryRunner.manager.insert(Team, undone);
    await queryRunner.rollbackTransaction();
    await queryRunner.commitTransaction();
    ledger.hasTeam(kept);
  }),
  'a lazy relation that is awaited after the tenant was left': async ({ app, tenant, ledger }) => {
    const project = await app.tenancy.run(tenant, () =>
      app.dataSource.getRepository(Project).findOneByOrFail({ id: 2 }),
    );
    await turn();
    if (ledger.check(await project.tasks).length === 0) throw new Error('No tasks are there');
  },
  'a lazy relation of a lazy relation': inTenant(async ({ app, ledger, random }) => {
    const id = 1 + random.below(9);
    const task = await app.dataSource.getRepository(Task).findOneByOrFail({ id });
    const project = await task.project;
    ledger.check([task, project!, ...(await project!.tasks)]);
  }),
  'a stream': inTenant(async (visit) => {
    for await (const row of await streamOf(visit)) checkTask(visit, row);
  }),
  'a stream that is left half-way': inTenant(async (visit) => {
    for await (const row of await streamOf(visit)) {
      checkTask(visit, row);
      break;
    }
  }),
  "a stream's listeners": inTenant(async (visit) => {
    const { app, tenant } = visit;
    const stream = await streamOf(visit);
    const wrong: unknown[] = [];
    stream.on('data', (row) => {
      checkTask(visit, row);
      if (app.tenancy.current?.id !== tenant.id) wrong.push(app.tenancy.current?.slug);
    });
    await once(stream, 'end');
    if (wrong.length > 0) throw new Error(`Called for ${String(wrong[0])} in ${tenant.slug}`);
  }),
  'after a timer': inTenant(async (visit) => {
    await delay(1);
    await readSome(visit);
  }),
  'in the callback of setImmediate': inTenant(
    (visit) =>
      new Promise<void>((resolve, reject) => {
        setImmediate(() => void readSome(visit).then(resolve, reject));
      }),
  ),
  'in the listener of an event emitter': inTenant(
    (visit) =>
      new Promise<void>((resolve, reject) => {
        const emitter = new EventEmitter();
        emitter.on('event', () => void readSome(visit).then(resolve, reject));
        process.nextTick(() => emitter.emit('event'));
      }),
  ),
  'a pinned DataSource, in the context of none': async ({ app, tenant, ledger }) => {
    const pinned: DataSource = app.pools.dataSource(tenant);
    ledger.check(await pinned.getRepository(Project).find());
  },
};

/** Those of them that read one row or a few. */
export const READING_OPERATIONS = [
  'findOneBy a key that all tenants have',
  'a raw query',
  'after a timer',
  'in the callback of setImmediate',
  'in the listener of an event emitter',
];
