import { TypeOrmModule } from '@nestjs/typeorm';
import {
  EventSubscriber,
  QueryFailedError,
  type AfterQueryEvent,
  type BeforeQueryEvent,
  type EntitySubscriberInterface,
  type Logger,
} from 'typeorm';
import { createTenants, startApp, type AppParts, type TestApp } from '../support/app.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { Project, PROJECT_ENTITIES } from '../support/projects.js';

/** What TypeORM's logger was told. */
class Told implements Logger {
  readonly queries: string[] = [];
  readonly failed: string[] = [];
  readonly slow: string[] = [];
  logQuery(query: string): void {
    this.queries.push(query);
  }
  logQueryError(_error: string | Error, query: string): void {
    this.failed.push(query);
  }
  logQuerySlow(_time: number, query: string): void {
    this.slow.push(query);
  }
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

/** As an app's own: wants to know of each query. */
@EventSubscriber()
class QuerySubscriber implements EntitySubscriberInterface {
  static readonly before: string[] = [];
  static readonly after: { readonly query: string; readonly success: boolean }[] = [];

  beforeQuery({ query }: BeforeQueryEvent): void {
    QuerySubscriber.before.push(query);
  }

  afterQuery({ query, success }: AfterQueryEvent): void {
    QuerySubscriber.after.push({ query, success });
  }
}

const SELECT = 'SELECT marker FROM projects WHERE id = 1';
const WRONG = 'SELECT nothing FROM projects';

describe.each(engines)('queries on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TestApp;
  let told: Told;
  const inA = <T>(work: () => Promise<T>) => app.tenancy.run('a', work);

  const start = async (
    { typeorm, ...tenants }: NonNullable<AppParts['tenants']> = {},
    limits: Pick<AppParts, 'maxConnections' | 'acquireTimeout'> = {},
  ) => {
    setup = await prepare();
    told = new Told();
    app = await startApp(setup, {
      imports: [TypeOrmModule.forFeature(PROJECT_ENTITIES)],
      ...limits,
      tenants: { typeorm: { logger: told, ...typeorm }, ...tenants },
    });
    await createTenants(app, ['a']);
    await inA(() => app.dataSource.getRepository(Project).insert({ id: 1, marker: 'a' }));
    told.queries.length = 0;
  };
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  it('are told to the logger, those that fail as such', async () => {
    await start();
    expect(await inA(() => app.dataSource.query(SELECT))).toEqual([{ marker: 'a' }]);
    await expect(inA(() => app.dataSource.query(WRONG))).rejects.toThrow(QueryFailedError);
    expect(told.queries).toEqual([SELECT, WRONG]);
    expect(told.failed).toEqual([WRONG]);
  });

  it('fail with an error that names the statement and says where it was asked for', async () => {
    await start();
    const findInvoices = async (): Promise<unknown> => app.dataSource.query(WRONG);
    const error = await inA(async () => await findInvoices()).catch((failed: unknown) => failed);
    expect(error).toBeInstanceOf(QueryFailedError);
    const driverError = { message: expect.stringContaining('nothing') };
    expect(error).toMatchObject({ query: WRONG, driverError });
    expect((error as Error).stack).toMatch(/query-runner\.spec/);
  });

  it('give rows, what was affected, or both', async () => {
    await start();
    await inA(async () => {
      const queryRunner = app.dataSource.createQueryRunner();
      try {
        expect(await queryRunner.query(SELECT, [], true)).toMatchObject({
          records: [{ marker: 'a' }],
        });
        const update = 'UPDATE projects SET marker = ? WHERE id = ?';
        const changed = await queryRunner.query(update, ['b', 1], true);
        expect(changed).toMatchObject({ affected: 1 });
        expect(await queryRunner.query(SELECT)).toEqual([{ marker: 'b' }]);
      } finally {
        await queryRunner.release();
      }
      await expect(queryRunner.query(SELECT)).rejects.toThrow(/released/);
    });
  });

  it('leave no connection behind that comes only after their release', async () => {
    await start({}, { maxConnections: 1, acquireTimeout: 1_000 });
    await inA(async () => {
      const holder = app.dataSource.createQueryRunner();
      await holder.query(SELECT);
      const late = app.dataSource.createQueryRunner();
      const failed = late.query(SELECT).catch((error: unknown) => error);
      await late.release();
      await holder.release();
      expect(await failed).toMatchObject({ message: expect.stringContaining('released') });
      expect(await app.dataSource.query(SELECT)).toEqual([{ marker: 'a' }]);
    });
  });

  it('are told to subscribers that want to know, before and after', async () => {
    await start({ subscribers: [QuerySubscriber] });
    QuerySubscriber.before.length = 0;
    QuerySubscriber.after.length = 0;
    await inA(() => app.dataSource.query(SELECT));
    await expect(inA(() => app.dataSource.query(WRONG))).rejects.toThrow(QueryFailedError);
    expect(QuerySubscriber.before).toEqual([SELECT, WRONG]);
    expect(QuerySubscriber.after).toEqual([
      { query: SELECT, success: true },
      { query: WRONG, success: false },
    ]);
  });

  it('are told as slow that take longer than maxQueryExecutionTime', async () => {
    await start({ typeorm: { maxQueryExecutionTime: 1 } });
    const long = `SELECT COUNT(*) FROM (${NUMBERS}) a, (${NUMBERS}) b`;
    await inA(() => app.dataSource.query(long));
    expect(told.slow).toContain(long);
  });
});

/** 900 rows, on every engine. */
const NUMBERS =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i FROM n';
