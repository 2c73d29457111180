import { Controller, Get, Injectable, Module, Scope } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { InjectEntityManager, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, EntityManager, Repository } from 'typeorm';
import { InjectTenantDataSource } from '../../lib/index.js';
import { createTenants, startApp, type TestApp } from '../support/app.js';
import { dropDatabase } from '../support/drop-database.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { PROJECT_ENTITIES, Project } from '../support/projects.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { WAYS, type Ways } from './ways.js';

@Injectable()
class Injected {
  constructor(
    @InjectRepository(Project) readonly projects: Repository<Project>,
    @InjectEntityManager() readonly manager: EntityManager,
  ) {}
}

@Injectable({ scope: Scope.REQUEST })
class Pinned {
  constructor(@InjectTenantDataSource() readonly dataSource: DataSource) {}
}

/** Made anew for each request, before the guard has said whether the request may have it. */
@Controller('pinned')
class PinnedController {
  constructor(private readonly pinned: Pinned) {}

  @Get()
  count() {
    return this.pinned.dataSource.getRepository(Project).count();
  }
}

@Module({
  imports: [TypeOrmModule.forFeature(PROJECT_ENTITIES)],
  controllers: [PinnedController],
  providers: [Injected, Pinned],
})
class ProjectsModule {}

/** Not to be done to a tenant that is used afterwards. */
const DESTRUCTIVE = new Set(['DataSource.dropDatabase', 'DataSource.undoLastMigration']);

describe.each(engines)('on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  let app: TestApp;
  let ways: Ways;

  beforeAll(async () => {
    setup = await prepare();
    app = await startApp(setup, {
      imports: [ProjectsModule],
      tenants: { typeorm: { cache: true } },
      maxConnections: 3,
    });
    await createTenants(app, ['a']);
    const { projects, manager } = app.nest.get(Injected, { strict: false });
    const modules = app.nest.get(ModuleRef);
    ways = {
      projects,
      manager,
      dataSource: app.dataSource,
      pinned: async () => (await modules.resolve(Pinned, undefined, { strict: false })).dataSource,
    };
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  describe('without a tenant, TENANT_CONTEXT_MISSING is what comes of', () => {
    // Whoever was there before must not be taken for whoever is there now.
    beforeEach(() => app.tenancy.run('a', () => ways.projects.count()));

    it.each(Object.entries(WAYS))('%s', async (_way, reach) => {
      const reachInCentral = () => app.tenancy.runCentral('a test', () => reach(ways));
      const leaveTenant = () => app.tenancy.run('a', reachInCentral);
      expect(await codeOf(() => reach(ways))).toBe('TENANT_CONTEXT_MISSING');
      expect(await codeOf(reachInCentral)).toBe('TENANT_CONTEXT_MISSING');
      expect(await codeOf(leaveTenant)).toBe('TENANT_CONTEXT_MISSING');
    });

    it('every one of them works with a tenant', async () => {
      const failed: unknown[] = [];
      for (const [way, reach] of Object.entries(WAYS)) {
        if (DESTRUCTIVE.has(way)) continue;
        const done = app.tenancy.run('a', async () => {
          const result: unknown = await reach(ways);
          await giveBack(result);
        });
        await done.catch((error: unknown) => failed.push([way, error]));
      }
      expect(failed).toEqual([]);
      await until('all is given back', () => app.pools.stats().servers[0]!.leased === 0);
    });

    if (engine !== 'sqlite') {
      it("the driver's pool", async () => {
        const { pool } = app.dataSource.driver as unknown as {
          pool: { getConnection(got: (error: unknown) => void): void };
        };
        const error = await new Promise((got) => pool.getConnection(got));
        expect(error).toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
      });
    }
  });

  describe('a tenant that there is not', () => {
    const at = (server: string, database: string) =>
      app.pools.dataSource({ placement: { server, database } });

    it('an HTTP request is answered with 404', async () => {
      const get = (host: string) => ask(app.nest, '/pinned', { host });
      expect(await get('nope.localhost')).toMatchObject({
        status: 404,
        body: { code: 'TENANT_NOT_FOUND' },
      });
      expect(await get('a.localhost')).toMatchObject({ status: 200 });
    });

    it('Tenancy.run throws TENANT_NOT_FOUND', async () => {
      const work = jest.fn();
      expect(await codeOf(() => app.tenancy.run('nope', work))).toBe('TENANT_NOT_FOUND');
      expect(work).not.toHaveBeenCalled();
    });

    it('a DataSource on a server that there is not throws SERVER_UNKNOWN', async () => {
      expect(await codeOf(() => at('nowhere', 'tenant_a'))).toBe('SERVER_UNKNOWN');
      const drained = () => app.pools.drain({ placement: { server: 'nowhere', database: 'a' } });
      expect(await codeOf(drained)).toBe('SERVER_UNKNOWN');
    });

    it.each<[string, (dataSource: DataSource) => unknown]>([
      ['a query', (dataSource) => dataSource.query('SELECT 1')],
      ['find', (dataSource) => dataSource.getRepository(Project).find()],
      ['a transaction', (dataSource) => dataSource.transaction(async () => 'entered')],
      ['synchronize', (dataSource) => dataSource.synchronize()],
    ])('%s in a database that there is not throws TENANT_DATABASE_MISSING', async (_way, reach) => {
      const missing = at('main', `${setup.databasePrefix}missing`);
      expect(await codeOf(() => reach(missing))).toBe('TENANT_DATABASE_MISSING');
    });

    it('a tenant whose database is gone gets TENANT_DATABASE_MISSING, and the others go on', async () => {
      const [gone] = await createTenants(app, ['gone']);
      await app.pools.drain(gone!);
      await dropDatabase(setup, gone!.placement.database);
      const find = () => ways.projects.find();
      expect(await codeOf(() => app.tenancy.run('gone', find))).toBe('TENANT_DATABASE_MISSING');
      await app.tenancy.run('a', find);
    });
  });
});

/** Ends what a way has taken and not used up. */
async function giveBack(result: unknown): Promise<void> {
  if (typeof result !== 'object' || result === null) return;
  if ('release' in result && typeof result.release === 'function') await result.release();
  if ('destroy' in result && typeof result.destroy === 'function') result.destroy();
}
