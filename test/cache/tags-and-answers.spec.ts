import 'reflect-metadata';
import { CACHE_MANAGER, CacheTTL } from '@nestjs/cache-manager';
import { Controller, Get, UseInterceptors } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import {
  CacheTags,
  TenantCacheInterceptor,
  TenantCacheModule,
  type ScopedCache,
} from '../../lib/cache/index.js';
import { CurrentTenant, TenantRoute, UniversalRoute } from '../../lib/index.js';
import { createTenants, startApp, type TestApp } from '../support/app.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';

@CacheTags('projects')
@Entity('cached_projects')
class Project {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { length: 50 })
  name!: string;
}

let calls = 0;

@Controller()
@UseInterceptors(TenantCacheInterceptor)
class AnswersController {
  @TenantRoute()
  @CacheTTL(60_000)
  @Get('answer')
  answer(@CurrentTenant('slug') slug: string) {
    calls += 1;
    return { slug, call: calls };
  }

  @UniversalRoute()
  @Get('anybody')
  anybody() {
    calls += 1;
    return { call: calls };
  }
}

describe.each(engines)('on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TestApp;
  let cache: ScopedCache;
  beforeAll(async () => {
    setup = await prepare();
    app = await startApp(setup, {
      imports: [TypeOrmModule.forFeature([Project]), TenantCacheModule.register()],
      controllers: [AnswersController],
    });
    await createTenants(app, ['a', 'b']);
    cache = app.nest.get(CACHE_MANAGER);
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  describe('the tags of an entity are flushed', () => {
    const inA = <T>(work: () => Promise<T>) => app.tenancy.run('a', work);
    const dataSource = () => app.nest.get<DataSource>(getDataSourceToken());
    const repository = () => dataSource().getRepository(Project);
    const fill = () => cache.tags('projects').set('list', 'old');
    const kept = () => cache.get('list');
    beforeEach(async () => {
      await inA(fill);
      await app.tenancy.run('b', fill);
    });
    it('by an insert, an update and a removal', async () => {
      await inA(async () => {
        const project = await repository().save({ name: 'one' });
        expect(await kept()).toBeUndefined();
        await fill();
        await repository().update({ id: project.id }, { name: 'two' });
        expect(await kept()).toBeUndefined();
        await fill();
        await repository().delete({ id: project.id });
        expect(await kept()).toBeUndefined();
      });
      expect(await app.tenancy.run('b', kept)).toBe('old');
    });

    it('after the commit, not before', async () => {
      await inA(async () => {
        await dataSource().transaction(async (manager) => {
          await manager.save(Project, { name: 'one' });
          await manager.transaction((nested) => nested.save(Project, { name: 'nested' }));
          expect(await kept()).toBe('old');
        });
        expect(await kept()).toBeUndefined();
      });
    });

    it('not by what is rolled back', async () => {
      await inA(async () => {
        const rolledBack = dataSource().transaction(async (manager) => {
          await manager.save(Project, { name: 'never' });
          throw new Error('no');
        });
        await expect(rolledBack).rejects.toThrow('no');
        expect(await kept()).toBe('old');
      });
    });

    it('of the tenant whose database was written, wherever that was done', async () => {
      const pinned = await inA(async () => app.pools.dataSource(app.tenancy.require()));
      await pinned.getRepository(Project).save({ name: 'from outside' });
      expect(await inA(kept)).toBeUndefined();
      expect(await app.tenancy.run('b', kept)).toBe('old');
    });
  });

  describe('answers', () => {
    const get = async (host: string, path: string) => (await ask(app.nest, path, { host })).body;

    it('are each tenant’s own, and given again', async () => {
      const [ofA, ofB] = [await get('a.localhost', '/answer'), await get('b.localhost', '/answer')];
      expect(ofA).toMatchObject({ slug: 'a' });
      expect(ofB).toMatchObject({ slug: 'b' });
      expect(await get('a.localhost', '/answer')).toEqual(ofA);
      expect(await get('b.localhost', '/answer')).toEqual(ofB);
      expect(await get('a.localhost', '/answer?page=2')).not.toEqual(ofA);
    });

    it('are not kept without a tenant', async () => {
      const first = await get('localhost', '/anybody');
      expect(await get('localhost', '/anybody')).not.toEqual(first);
    });
  });
});
