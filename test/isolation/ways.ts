import type { DataSource, EntityManager } from 'typeorm';
import { Repository } from 'typeorm';
import { Folder, Project, Task } from '../support/projects.js';

class OwnRepository extends Repository<Project> {
  findAll(): Promise<Project[]> {
    return this.find();
  }
}

let lastId = 1_000;
const nextId = () => (lastId += 1);

/** Every way in which an app reaches a tenant's database, from what it can inject. */
export interface Ways {
  readonly dataSource: DataSource;
  readonly manager: EntityManager;
  readonly projects: Repository<Project>;
  /** The DataSource of a provider that injects it with `@InjectTenantDataSource()`. */
  readonly pinned: () => Promise<DataSource>;
}

export const WAYS: Record<string, (ways: Ways) => unknown> = {
  'Repository.find': ({ projects }) => projects.find(),
  'Repository.findOneBy': ({ projects }) => projects.findOneBy({ id: 1 }),
  'Repository.count': ({ projects }) => projects.count(),
  'Repository.exists': ({ projects }) => projects.existsBy({ id: 1 }),
  'Repository.save': ({ projects }) =>
    projects.save(projects.create({ id: nextId(), marker: 'x' })),
  'Repository.preload': ({ projects }) => projects.preload({ id: 1, marker: 'x' }),
  'Repository.remove': ({ projects }) => projects.remove(projects.create({ id: 1 })),
  'Repository.softRemove': ({ projects }) => projects.softRemove(projects.create({ id: 1 })),
  'Repository.recover': ({ projects }) => projects.recover(projects.create({ id: 1 })),
  'Repository.insert': ({ projects }) => projects.insert({ id: nextId(), marker: 'x' }),
  'Repository.update': ({ projects }) => projects.update({ id: 1 }, { marker: 'x' }),
  'Repository.upsert': ({ projects }) => projects.upsert({ id: nextId(), marker: 'x' }, ['id']),
  'Repository.delete': ({ projects }) => projects.delete({ id: 1 }),
  'Repository.softDelete': ({ projects }) => projects.softDelete({ id: 1 }),
  'Repository.restore': ({ projects }) => projects.restore({ id: 1 }),
  'Repository.increment': ({ projects }) => projects.increment({ id: 1 }, 'id', 1),
  'Repository.clear': ({ dataSource }) => dataSource.getRepository(Folder).clear(),
  'Repository.query': ({ projects }) => projects.query('SELECT 1'),
  'a select query builder': ({ projects }) => projects.createQueryBuilder('p').getMany(),
  'a raw query builder': ({ projects }) => projects.createQueryBuilder('p').getRawMany(),
  'a stream': ({ projects }) => projects.createQueryBuilder('p').stream(),
  'an insert query builder': ({ dataSource }) =>
    dataSource
      .createQueryBuilder()
      .insert()
      .into(Project)
      .values({ id: nextId(), marker: 'x' })
      .execute(),
  'an update query builder': ({ dataSource }) =>
    dataSource.createQueryBuilder().update(Project).set({ marker: 'x' }).execute(),
  'a delete query builder': ({ dataSource }) =>
    dataSource.createQueryBuilder().delete().from(Project).execute(),
  'a relation query builder': ({ projects }) =>
    projects.createQueryBuilder().relation('tasks').of(1).loadMany(),
  'a TreeRepository': ({ dataSource }) => dataSource.getTreeRepository(Folder).findTrees(),
  'a class that extends Repository': ({ dataSource }) =>
    new OwnRepository(Project, dataSource.createEntityManager()).findAll(),
  'Repository.extend': ({ projects }) =>
    projects
      .extend({
        findAll() {
          return this.find();
        },
      })
      .findAll(),
  'EntityManager.find': ({ manager }) => manager.find(Project),
  'EntityManager.save': ({ manager }) => manager.save(Project, { id: nextId(), marker: 'x' }),
  'EntityManager.transaction': ({ manager }) => manager.transaction(async () => 'entered'),
  'EntityManager.query': ({ manager }) => manager.query('SELECT 1'),
  'EntityManager.getRepository': ({ manager }) => manager.getRepository(Project).find(),
  'DataSource.manager': ({ dataSource }) => dataSource.manager.find(Project),
  'DataSource.query': ({ dataSource }) => dataSource.query('SELECT 1'),
  'DataSource.sql': ({ dataSource }) => dataSource.sql`SELECT 1`,
  'DataSource.transaction': ({ dataSource }) => dataSource.transaction(async () => 'entered'),
  'DataSource.createQueryRunner': ({ dataSource }) => dataSource.createQueryRunner(),
  'DataSource.createQueryBuilder': ({ dataSource }) =>
    dataSource.createQueryBuilder(Project, 'p').getMany(),
  'DataSource.getRepository': ({ dataSource }) => dataSource.getRepository(Project).find(),
  'DataSource.synchronize': ({ dataSource }) => dataSource.synchronize(),
  'DataSource.dropDatabase': ({ dataSource }) => dataSource.dropDatabase(),
  'DataSource.runMigrations': ({ dataSource }) => dataSource.runMigrations(),
  'DataSource.undoLastMigration': ({ dataSource }) => dataSource.undoLastMigration(),
  'DataSource.showMigrations': ({ dataSource }) => dataSource.showMigrations(),
  "the driver's query runner": ({ dataSource }) =>
    dataSource.driver.createQueryRunner('master').connect(),
  "the driver's schema builder": ({ dataSource }) => dataSource.driver.createSchemaBuilder().log(),
  'the query result cache, read': ({ projects }) => projects.find({ cache: 1_000 }),
  'the query result cache, removed from': ({ dataSource }) =>
    dataSource.queryResultCache!.remove(['id']),
  'the query result cache, cleared': ({ dataSource }) => dataSource.queryResultCache!.clear(),
  'a lazy relation of a new entity': ({ projects }) => projects.create({ id: 1 }).tasks,
  'DataSource.relationLoader': ({ dataSource }) =>
    dataSource.relationLoader.load(
      dataSource.getMetadata(Task).findRelationWithPropertyPath('project')!,
      { id: 1 },
    ),
  '@InjectTenantDataSource': async ({ pinned }) => (await pinned()).query('SELECT 1'),
};
