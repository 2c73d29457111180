import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource, Repository } from 'typeorm';
import { createTenants, startApp, type TestApp } from '../support/app.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { Folder, Person, Project, PROJECT_ENTITIES, Task, Team } from '../support/projects.js';
import { codeOf } from '../support/rejection.js';

/** Entities of tenant a, in the hands of code that runs for tenant b. */
interface Foreign {
  readonly project: Project;
  readonly task: Task;
  readonly person: Person;
  readonly team: Team;
  readonly folder: Folder;
}

interface Hands {
  readonly foreign: Foreign;
  readonly dataSource: DataSource;
  readonly projects: Repository<Project>;
  readonly tasks: Repository<Task>;
  readonly people: Repository<Person>;
  readonly folders: Repository<Folder>;
}

const NEW = { id: 50, marker: 'b' };

const operations: Record<string, (hands: Hands) => unknown> = {
  'Repository.save': ({ projects, foreign }) => projects.save(foreign.project),
  'Repository.save of a changed one': ({ projects, foreign }) =>
    projects.save(Object.assign(foreign.project, { marker: 'changed' })),
  'Repository.save of several': ({ people, foreign }) =>
    people.save([people.create(NEW), foreign.person]),
  'Repository.remove': ({ projects, foreign }) => projects.remove(foreign.project),
  'Repository.softRemove': ({ projects, foreign }) => projects.softRemove(foreign.project),
  'Repository.recover': ({ projects, foreign }) => projects.recover(foreign.project),
  'Repository.insert': ({ people, foreign }) => people.insert(foreign.person),
  'Repository.insert with its relation': ({ people, foreign }) =>
    people.insert({ ...NEW, team: foreign.team }),
  'Repository.update by it': ({ people, foreign }) =>
    people.update(foreign.person as never, { id: 1 }),
  'Repository.update with its relation': ({ people, foreign }) =>
    people.update({ id: 1 }, { team: foreign.team }),
  'Repository.update with a lazy relation': ({ dataSource, foreign }) =>
    dataSource.manager.update(Task, { id: 1 }, { project: foreign.project as never }),
  'Repository.upsert': ({ people, foreign }) => people.upsert(foreign.person, ['id']),
  'Repository.upsert with its relation': ({ people, foreign }) =>
    people.upsert({ ...NEW, team: foreign.team }, ['id']),
  'Repository.delete': ({ people, foreign }) => people.delete(foreign.person as never),
  'Repository.delete by its relation': ({ people, foreign }) =>
    people.delete({ team: foreign.team as never }),
  'Repository.softDelete': ({ projects, foreign }) => projects.softDelete(foreign.project as never),
  'Repository.restore': ({ projects, foreign }) => projects.restore(foreign.project as never),
  'EntityManager.save': ({ dataSource, foreign }) => dataSource.manager.save(foreign.team),
  'EntityManager.save of a named entity': ({ dataSource, foreign }) =>
    dataSource.manager.save(Person, { ...NEW, team: foreign.team }),
  'EntityManager.remove of a named entity': ({ dataSource, foreign }) =>
    dataSource.manager.remove(Team, foreign.team),
  'EntityManager.save in a transaction': ({ dataSource, foreign }) =>
    dataSource.transaction((manager) => manager.save(foreign.person)),
  'the manager of a query runner': async ({ dataSource, foreign }) => {
    const queryRunner = dataSource.createQueryRunner();
    try {
      await queryRunner.manager.save(foreign.person);
    } finally {
      await queryRunner.release();
    }
  },
  'an insert query builder': ({ dataSource, foreign }) =>
    dataSource.createQueryBuilder().insert().into(Team).values(foreign.team).execute(),
  'an insert query builder with its relation': ({ people, foreign }) =>
    people
      .createQueryBuilder()
      .insert()
      .values({ ...NEW, team: foreign.team })
      .execute(),
  'an insert query builder with a lazy relation': ({ tasks, foreign }) =>
    tasks
      .createQueryBuilder()
      .insert()
      .values({ ...NEW, project: foreign.project as never })
      .execute(),
  'an update query builder with its relation': ({ people, foreign }) =>
    people.createQueryBuilder().update().set({ team: foreign.team }).where({ id: 1 }).execute(),
  'a new entity that refers to it': ({ people, foreign }) =>
    people.save(Object.assign(people.create(NEW), { team: foreign.team })),
  'a new entity that refers to one that refers to it': ({ tasks, people, foreign }) => {
    const assignee = Object.assign(people.create(NEW), { team: foreign.team });
    return tasks.save(Object.assign(tasks.create(NEW), { assignee }));
  },
  'a new entity whose lazy relation is a promise of it': ({ tasks, foreign }) =>
    tasks.save(Object.assign(tasks.create(NEW), { project: Promise.resolve(foreign.project) })),
  'an own entity that now refers to it': async ({ people, foreign }) => {
    const own = await people.findOneByOrFail({ id: 1 });
    return people.save(Object.assign(own, { team: foreign.team }));
  },
  'an own entity that now refers to it, in a transaction': ({ dataSource, foreign }) =>
    dataSource.transaction(async (manager) => {
      const own = await manager.findOneByOrFail(Person, { id: 1 });
      return manager.save(Object.assign(own, { team: foreign.team }));
    }),
  'a tree entity under it': ({ folders, foreign }) =>
    folders.save(Object.assign(folders.create(NEW), { parent: foreign.folder })),
  'TreeRepository.save': ({ dataSource, foreign }) =>
    dataSource.getTreeRepository(Folder).save(foreign.folder),
  'its lazy many-to-one relation': ({ foreign }) => foreign.task.project,
  'its lazy one-to-many relation': ({ foreign }) => foreign.project.tasks,
  'a relation query builder of it': ({ projects, foreign }) =>
    projects.createQueryBuilder().relation('tasks').of(foreign.project).loadMany(),
};

describe.each(engines)('on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TestApp;
  let hands: Omit<Hands, 'foreign'>;

  beforeAll(async () => {
    setup = await prepare();
    app = await startApp(setup, {
      imports: [TypeOrmModule.forFeature(PROJECT_ENTITIES)],
      maxConnections: 3,
    });
    const { dataSource } = app;
    hands = {
      dataSource,
      projects: dataSource.getRepository(Project),
      tasks: dataSource.getRepository(Task),
      people: dataSource.getRepository(Person),
      folders: dataSource.getRepository(Folder),
    };
    await createTenants(app, ['a', 'b']);
    for (const marker of ['a', 'b']) await app.tenancy.run(marker, () => fill(hands, marker));
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const loadForeign = (): Promise<Foreign> =>
    app.tenancy.run('a', async () => ({
      project: await hands.projects.findOneByOrFail({ id: 1 }),
      task: await hands.tasks.findOneByOrFail({ id: 1 }),
      person: await hands.people.findOneByOrFail({ id: 1 }),
      team: await hands.dataSource.manager.findOneByOrFail(Team, { id: 1 }),
      folder: await hands.folders.findOneByOrFail({ id: 1 }),
    }));

  const contents = async () => {
    const databases = databasesOf(setup);
    const tables = ['teams', 'people', 'projects', 'tasks', 'folders'];
    return Promise.all(
      ['a', 'b'].flatMap((name) =>
        tables.map((table) =>
          databases.query(setup.databasePrefix + name, `SELECT * FROM ${table} ORDER BY id`),
        ),
      ),
    );
  };

  it.each(Object.entries(operations))(
    '%s is CROSS_TENANT_ENTITY with an entity of another tenant, and writes nothing',
    async (_name, operate) => {
      const foreign = await loadForeign();
      const before = await contents();
      const operation = () => app.tenancy.run('b', () => operate({ ...hands, foreign }));
      expect(await codeOf(operation)).toBe('CROSS_TENANT_ENTITY');
      expect(await contents()).toEqual(before);
    },
  );

  it('a DataSource that is pinned to a tenant refuses it, too, wherever it is used', async () => {
    const { person } = await loadForeign();
    const pinned = app.pools.dataSource(await app.tenants.get('b'));
    const save = () => pinned.manager.save(person);
    expect(await codeOf(save)).toBe('CROSS_TENANT_ENTITY');
    expect(await codeOf(() => app.tenancy.run('a', save))).toBe('CROSS_TENANT_ENTITY');
  });

  describe('it is known wherever it comes from:', () => {
    const origins: Record<string, () => Promise<object>> = {
      'from a query builder': () => hands.people.createQueryBuilder('p').getOneOrFail(),
      'from a transaction': () =>
        hands.dataSource.transaction((manager) => manager.findOneByOrFail(Person, { id: 1 })),
      "from the driver's query runner": async () => {
        await using queryRunner = hands.dataSource.driver.createQueryRunner('master');
        return await hands.dataSource.createQueryBuilder(Person, 'p', queryRunner).getOneOrFail();
      },
      'from a pinned DataSource': async () =>
        app.pools.dataSource(app.tenancy.require()).manager.findOneByOrFail(Person, { id: 1 }),
      'from a joined relation': async () => {
        const [person] = await hands.people.find({ relations: { team: true } });
        return person!.team!;
      },
      'from a lazy relation': async () =>
        (await (
          await hands.tasks.findOneByOrFail({ id: 1 })
        ).project)!,
      'saved as new': () => hands.people.save(hands.people.create({ id: 60, marker: 'a' })),
      'inserted as new': async () => {
        const person = hands.people.create({ id: 61, marker: 'a' });
        await hands.people.insert(person);
        return person;
      },
      'saved by a cascade': async () => {
        const team = hands.dataSource.manager.create(Team, { id: 62, marker: 'a' });
        await hands.people.save(
          Object.assign(hands.people.create({ id: 62, marker: 'a' }), { team }),
        );
        return team;
      },
    };

    it.each(Object.entries(origins))('%s', async (_origin, load) => {
      const entity = await app.tenancy.run('a', load);
      const save = () => app.tenancy.run('b', () => hands.dataSource.manager.save(entity));
      expect(await codeOf(save)).toBe('CROSS_TENANT_ENTITY');
    });
  });

  describe('lazy relations', () => {
    it('stay with the tenant that loaded them, where there is no other', async () => {
      const { task, project } = await loadForeign();
      expect(await task.project).toMatchObject({ id: 1, marker: 'a' });
      const inCentral = app.tenancy.runCentral('a test', () => project.tasks);
      expect(await inCentral).toMatchObject([{ id: 1, marker: 'a' }]);
    });

    it('work in the tenant that loaded them, entered again', async () => {
      const { project } = await loadForeign();
      expect(await app.tenancy.run('a', () => project.tasks)).toMatchObject([{ marker: 'a' }]);
    });

    it('that were loaded in their tenant are there in another', async () => {
      const { task } = await loadForeign();
      await app.tenancy.run('a', () => task.project);
      expect(await app.tenancy.run('b', () => task.project)).toMatchObject({ marker: 'a' });
    });
  });

  it('plain values of another tenant are an own entity', async () => {
    const { id: _id, marker: _marker, ...person } = (await loadForeign()).person;
    await app.tenancy.run('b', () => hands.people.save({ ...person, id: 70, marker: 'b' }));
    const copied = app.tenancy.run('b', () => hands.people.findOneBy({ id: 70 }));
    expect(await copied).toMatchObject({ marker: 'b' });
  });
});

async function fill({ dataSource, tasks }: Omit<Hands, 'foreign'>, marker: string): Promise<void> {
  const row = { id: 1, marker };
  const { manager } = dataSource;
  const team = await manager.save(manager.create(Team, row));
  const assignee = await manager.save(manager.create(Person, { ...row, team }));
  const project = await manager.save(manager.create(Project, row));
  await tasks.save(
    Object.assign(tasks.create(row), { assignee, project: Promise.resolve(project) }),
  );
  await manager.save(manager.create(Folder, row));
}
