import { Controller, Get, Injectable, Module } from '@nestjs/common';
import {
  getRepositoryToken,
  InjectDataSource,
  InjectEntityManager,
  InjectRepository,
  TypeOrmModule,
} from '@nestjs/typeorm';
import {
  Column,
  DataSource,
  Entity,
  EntityManager,
  EventSubscriber,
  PrimaryColumn,
  Repository,
  Tree,
  TreeChildren,
  TreeParent,
  ViewColumn,
  ViewEntity,
  type EntitySubscriberInterface,
  type InsertEvent,
  type TransactionCommitEvent,
} from 'typeorm';
import { InjectTenantDataSource } from '../../lib/index.js';
import { createTenants, startApp, type TestApp } from '../support/app.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { Folder, Person, Project, PROJECT_ENTITIES, Task, Team } from '../support/projects.js';

@Entity('areas')
@Tree('closure-table')
class Area {
  @PrimaryColumn('int')
  id!: number;

  @Column('varchar', { length: 100 })
  marker!: string;

  @TreeParent()
  parent?: Area | null;

  @TreeChildren()
  children!: Area[];
}

@ViewEntity('markers', {
  expression: 'SELECT marker AS marker, COUNT(*) AS amount FROM projects GROUP BY marker',
})
class Marker {
  @ViewColumn()
  marker!: string;

  /** A string where the driver gives big numbers as such. */
  @ViewColumn()
  amount!: number | string;
}

@Entity('log')
class LogEntry {
  @PrimaryColumn('varchar', { length: 100 })
  text!: string;
}

/** As an app's own: writes through the manager of the event. */
@EventSubscriber()
class TeamSubscriber implements EntitySubscriberInterface<Team> {
  static readonly commits: DataSource[] = [];

  listenTo() {
    return Team;
  }

  async afterInsert({ entity, manager }: InsertEvent<Team>): Promise<void> {
    await manager.insert(LogEntry, { text: `${entity.marker} ${entity.id}` });
  }

  afterTransactionCommit({ dataSource }: TransactionCommitEvent): void {
    TeamSubscriber.commits.push(dataSource);
  }
}

class OwnRepository extends Repository<Project> {
  markers(): Promise<string[]> {
    return this.find({ order: { id: 'ASC' } }).then((found) => found.map(({ marker }) => marker));
  }
}

@Injectable()
class Injected {
  constructor(
    @InjectRepository(Project) readonly projects: Repository<Project>,
    @InjectDataSource() readonly dataSource: DataSource,
    @InjectEntityManager() readonly manager: EntityManager,
    readonly own: OwnRepository,
  ) {}
}

@Controller('pinned')
class PinnedController {
  constructor(@InjectTenantDataSource() private readonly dataSource: DataSource) {}

  @Get()
  find(): Promise<Project[]> {
    return this.dataSource.getRepository(Project).find();
  }
}

const ENTITIES = [...PROJECT_ENTITIES, Area, Marker, LogEntry];

@Module({
  imports: [TypeOrmModule.forFeature(ENTITIES)],
  controllers: [PinnedController],
  providers: [
    Injected,
    {
      provide: OwnRepository,
      inject: [getRepositoryToken(Project)],
      useFactory: ({ target, manager }: Repository<Project>) => new OwnRepository(target, manager),
    },
  ],
})
class FeaturesModule {}

type CallbackQuery = (sql: string, callback: () => void) => void;

describe.each(engines)('on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  let app: TestApp;
  let injected: Injected;
  const inEach = async (work: (slug: string) => Promise<void>) => {
    for (const slug of ['a', 'b']) await app.tenancy.run(slug, () => work(slug));
  };
  const inA = <T>(work: () => Promise<T>) => app.tenancy.run('a', work);

  beforeAll(async () => {
    setup = await prepare();
    app = await startApp(setup, {
      imports: [FeaturesModule],
      maxConnections: 4,
      tenants: { subscribers: [TeamSubscriber] },
    });
    injected = app.nest.get(Injected, { strict: false });
    await createTenants(app, ['a', 'b']);
    await inEach(async (marker) => {
      await injected.projects.insert([
        { id: 1, marker },
        { id: 2, marker },
      ]);
    });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  it('what is injected into one provider serves every tenant its own', async () => {
    const { projects, dataSource, manager, own } = injected;
    expect(manager).toBe(dataSource.manager);
    await inEach(async (slug) => {
      const found = [
        await projects.find(),
        await dataSource.getRepository(Project).find(),
        await manager.find(Project),
      ];
      for (const rows of found) expect(rows).toMatchObject([{ marker: slug }, { marker: slug }]);
      expect(await own.markers()).toEqual([slug, slug]);
    });
  });

  it('@InjectTenantDataSource gives each request the DataSource of its tenant', async () => {
    const answers = await Promise.all(
      ['a', 'b', 'a'].map((slug) => ask(app.nest, '/pinned', { host: `${slug}.localhost` })),
    );
    const markers = answers.map(({ body }) => (body as Project[]).map(({ marker }) => marker));
    expect(markers).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['a', 'a'],
    ]);
  });

  it('a repository that was extended serves every tenant its own', async () => {
    const extended = injected.projects.extend({
      first() {
        return this.findOneByOrFail({ id: 1 });
      },
    });
    await inEach(async (slug) => {
      expect(await extended.first()).toMatchObject({ marker: slug });
      await injected.dataSource.transaction(async (manager) => {
        expect(await manager.withRepository(extended).first()).toMatchObject({ marker: slug });
      });
    });
  });

  it("an app's subscriber is given the manager and the DataSource of the tenant", async () => {
    TeamSubscriber.commits.length = 0;
    await inEach(async (marker) => {
      await injected.manager.save(injected.manager.create(Team, { id: 1, marker }));
    });
    await inEach(async (slug) => {
      expect(await injected.manager.find(LogEntry)).toEqual([{ text: `${slug} 1` }]);
    });
    const seen = await Promise.all(
      TeamSubscriber.commits.map((dataSource) => dataSource.manager.find(LogEntry)),
    );
    expect(seen).toEqual([[{ text: 'a 1' }], [{ text: 'b 1' }]]);
  });

  describe('transactions', () => {
    const markersOf = (manager: EntityManager) =>
      manager.find(Person, { order: { id: 'ASC' } }).then((found) => found.map(({ id }) => id));
    afterEach(() => inA(() => injected.manager.delete(Person, {}).catch(() => clear())));
    const clear = () => injected.manager.createQueryBuilder().delete().from(Person).execute();

    it('are committed when their work ends, and rolled back when it throws', async () => {
      const { dataSource } = injected;
      await inA(async () => {
        await dataSource.transaction((manager) => manager.insert(Person, { id: 1, marker: 'a' }));
        const failing = dataSource.transaction(async (manager) => {
          await manager.insert(Person, { id: 2, marker: 'a' });
          expect(await markersOf(manager)).toEqual([1, 2]);
          expect(await markersOf(injected.manager)).toEqual([1]);
          throw new Error('on purpose');
        });
        await expect(failing).rejects.toThrow('on purpose');
        expect(await markersOf(injected.manager)).toEqual([1]);
      });
    });

    it('keep the tenant in which they began, also when their work goes elsewhere', async () => {
      await inA(() =>
        injected.dataSource.transaction((manager) =>
          app.tenancy.runCentral('a detour', () =>
            app.tenancy.run('b', () => manager.insert(Person, { id: 3, marker: 'a' })),
          ),
        ),
      );
      expect(await inA(() => markersOf(injected.manager))).toEqual([3]);
      expect(await app.tenancy.run('b', () => markersOf(injected.manager))).toEqual([]);
    });

    it('may be nested: an inner one that fails takes nothing else with it', async () => {
      await inA(() =>
        injected.dataSource.transaction(async (outer) => {
          await outer.insert(Person, { id: 4, marker: 'a' });
          const failing = outer.transaction(async (inner) => {
            await inner.insert(Person, { id: 5, marker: 'a' });
            throw new Error('on purpose');
          });
          await expect(failing).rejects.toThrow('on purpose');
          await outer.transaction((inner) => inner.insert(Person, { id: 6, marker: 'a' }));
        }),
      );
      expect(await inA(() => markersOf(injected.manager))).toEqual([4, 6]);
    });

    it('of one tenant at the same time do not mix', async () => {
      await inA(async () => {
        const one = injected.dataSource.createQueryRunner();
        const other = injected.dataSource.createQueryRunner();
        try {
          await one.startTransaction();
          await one.manager.insert(Person, { id: 7, marker: 'a' });
          expect(await markersOf(other.manager)).toEqual([]);
          await one.rollbackTransaction();
          await other.startTransaction();
          await other.manager.insert(Person, { id: 8, marker: 'a' });
          await other.commitTransaction();
        } finally {
          await one.release();
          await other.release();
        }
        expect(await markersOf(injected.manager)).toEqual([8]);
      });
    });

    it('that are left open by a query runner are rolled back with its release', async () => {
      await inA(async () => {
        const left = injected.dataSource.createQueryRunner();
        await left.startTransaction();
        await left.manager.insert(Person, { id: 9, marker: 'a' });
        await left.release();
        expect(await markersOf(injected.manager)).toEqual([]);
      });
    });
  });

  it('`await using` gives the connection of a query runner back', async () => {
    const leased = () => app.pools.stats().servers[0]!.leased;
    await inA(async () => {
      {
        await using queryRunner = injected.dataSource.createQueryRunner();
        await queryRunner.connect();
        expect(leased()).toBe(1);
      }
      expect(leased()).toBe(0);
    });
  });

  it('a query runner that is used after its release leases nothing', async () => {
    const leased = () => app.pools.stats().servers[0]!.leased;
    await inA(async () => {
      for (const use of ['query', 'stream'] as const) {
        const queryRunner = injected.dataSource.createQueryRunner();
        await queryRunner.release();
        const used = async () => queryRunner[use]('SELECT 1');
        await expect(used()).rejects.toThrow(/already released/i);
        expect(leased()).toBe(0);
      }
    });
  });

  it('a query runner keeps the tenant in which it was made, not the one in which it connects', async () => {
    await using queryRunner = await inA(async () => injected.dataSource.createQueryRunner());
    const found = () => queryRunner.manager.findOneByOrFail(Project, { id: 1 });
    expect(await app.tenancy.run('b', found)).toMatchObject({ marker: 'a' });
  });

  it.each([
    ['materialized paths', Folder],
    ['closure tables', Area],
  ])('trees in %s', async (_kind, entity) => {
    await inEach(async (marker) => {
      const trees = injected.dataSource.getTreeRepository(entity);
      const root = await trees.save(Object.assign(trees.create(), { id: 1, marker }));
      const child = Object.assign(trees.create(), { id: 2, marker, parent: root });
      await trees.save(child);
      expect(await trees.countDescendants(root)).toBe(2);
    });
    await inEach(async (marker) => {
      const trees = injected.dataSource.getTreeRepository(entity);
      expect(await trees.findTrees()).toMatchObject([
        { id: 1, marker, children: [{ id: 2, marker, children: [] }] },
      ]);
      expect(await trees.findAncestors(await trees.findOneByOrFail({ id: 2 }))).toHaveLength(2);
    });
  });

  it('view entities', async () => {
    await inEach(async (marker) => {
      const rows = await injected.manager.find(Marker);
      expect(rows.map((row) => ({ ...row, amount: Number(row.amount) }))).toEqual([
        { marker, amount: 2 },
      ]);
    });
  });

  it('lazy relations, in both directions', async () => {
    await inEach(async (marker) => {
      const project = await injected.projects.findOneByOrFail({ id: 1 });
      const task = injected.manager.create(Task, { id: 1, marker });
      task.project = Promise.resolve(project);
      await injected.manager.save(task);
      const found = await injected.manager.findOneByOrFail(Task, { id: 1 });
      expect(await found.project).toMatchObject({ id: 1, marker });
      expect(await (await found.project)!.tasks).toMatchObject([{ id: 1, marker }]);
    });
  });

  it('soft delete', async () => {
    const { projects } = injected;
    await inA(async () => {
      await projects.softRemove(await projects.findOneByOrFail({ id: 2 }));
      expect(await projects.countBy({ id: 2 })).toBe(0);
      expect(
        await app.tenancy.runCentral('b', () => app.tenancy.run('b', () => projects.count())),
      ).toBe(2);
      await projects.recover(await projects.findOneOrFail({ where: { id: 2 }, withDeleted: true }));
      expect(await projects.countBy({ id: 2 })).toBe(1);
    });
  });

  if (engine === 'sqlite') return;

  it("the driver's own connection calls back in the tenant that asks", async () => {
    for (const slug of ['a', 'b', 'a']) {
      const seen = await app.tenancy.run(slug, async () => {
        await using queryRunner = injected.dataSource.createQueryRunner();
        const connection = (await queryRunner.connect()) as { query: CallbackQuery };
        return new Promise((resolve) => {
          connection.query('SELECT 1', () => resolve(app.tenancy.current?.slug));
        });
      });
      expect(seen).toBe(slug);
    }
  });

  it('listeners of the pool are told what it does', async () => {
    const { pool } = injected.dataSource.driver as unknown as {
      pool: { on(event: string, listener: () => void): void };
    };
    const told: string[] = [];
    for (const event of ['acquire', 'connection', 'enqueue', 'release']) {
      pool.on(event, () => told.push(event));
    }
    const all = Array.from({ length: 5 }, () => inA(() => injected.projects.query('SELECT 1')));
    await Promise.all(all);
    const times = (event: string) => told.filter((one) => one === event).length;
    expect([times('acquire'), times('release'), times('enqueue')]).toEqual([5, 5, 1]);
    expect(times('connection')).toBeLessThanOrEqual(4);
  });
});
