import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  VersioningType,
  type INestApplication,
  type MiddlewareConsumer,
  type NestMiddleware,
  type NestModule,
} from '@nestjs/common';
import { currentContext, currentTenant } from '../../lib/context/tenant-context.js';
import { TenancyGuard } from '../../lib/http/tenancy.guard.js';
import { TenancyMiddleware } from '../../lib/http/tenancy.middleware.js';
import type { HttpOptions } from '../../lib/options/tenancy-options.js';
import { ask, PLATFORMS, startHttpApp } from '../support/http.js';
import { TenantsInMemory } from '../support/tenants-in-memory.js';

const context = () => ({
  tenant: currentTenant()?.slug ?? null,
  entered: currentContext() !== undefined,
});

@Controller()
class Routes {
  @Get()
  root() {
    return context();
  }

  @Get('projects')
  projects() {
    return context();
  }

  @Get('projects/:id/tasks')
  tasks() {
    return context();
  }

  @Get('health')
  health() {
    return context();
  }

  @Get('assets/:folder/:file')
  assets() {
    return context();
  }
}

@Controller({ path: 'versioned', version: '2' })
class Versioned {
  @Get()
  get() {
    return context();
  }
}

@Module({ controllers: [Routes, Versioned] })
class AppModule {}

const tenants = new TenantsInMemory();
tenants.add('acme');

const IN_ACME = { tenant: 'acme', entered: true };
const OUTSIDE = { tenant: null, entered: false };

describe.each(Object.entries(PLATFORMS))('on %s', (_name, platform) => {
  let app: INestApplication;
  const start = async (
    http: HttpOptions = {},
    configure?: (app: INestApplication) => void,
    module: new () => object = AppModule,
  ) => {
    app = await startHttpApp({
      adapter: platform(),
      tenants,
      options: { http },
      module,
      configure,
    });
  };
  const get = (path: string, host = 'acme.localhost') => ask(app, path, { host });
  const bodiesOf = async (...paths: string[]) =>
    Promise.all(paths.map(async (path) => (await get(path)).body));
  afterEach(() => app.close());

  it('every route is entered, whatever its path', async () => {
    await start();
    const bodies = await bodiesOf('/', '/projects', '/projects/1/tasks?x=1', '/assets/a/b.css');
    expect(bodies).toEqual([IN_ACME, IN_ACME, IN_ACME, IN_ACME]);
    expect((await get('/projects', 'nobody.localhost')).status).toBe(404);
  });

  it('a global prefix is no obstacle, nor a route outside of it', async () => {
    await start({}, (it) => it.setGlobalPrefix('api', { exclude: ['health'] }));
    expect(await bodiesOf('/api', '/api/projects', '/health')).toEqual([IN_ACME, IN_ACME, IN_ACME]);
    expect((await get('/api/projects', 'nobody.localhost')).status).toBe(404);
    expect((await get('/health', 'nobody.localhost')).status).toBe(404);
  });

  it('nor is versioning by URI', async () => {
    await start({}, (it) => {
      it.setGlobalPrefix('api');
      it.enableVersioning({ type: VersioningType.URI });
    });
    expect(await bodiesOf('/api/v2/versioned')).toEqual([IN_ACME]);
    expect((await get('/api/v2/versioned', 'nobody.localhost')).status).toBe(404);
  });

  it('excluded paths are left alone: no search, no context, no refusal', async () => {
    await start({ exclude: ['/health', '/assets/{*rest}'] });
    expect(await bodiesOf('/health', '/assets/a/b.css')).toEqual([OUTSIDE, OUTSIDE]);
    expect(await bodiesOf('/projects')).toEqual([IN_ACME]);
    tenants.answers = () => Promise.reject(new Error('central database is down'));
    expect((await get('/health')).status).toBe(200);
    expect((await get('/projects')).status).toBe(500);
    tenants.answers = (answer) => answer;
  });

  it('excluded paths are those below the global prefix', async () => {
    await start({ exclude: ['/health'] }, (it) => it.setGlobalPrefix('api'));
    expect(await bodiesOf('/api/health', '/api/projects')).toEqual([OUTSIDE, IN_ACME]);
  });

  it('an unknown path is a 404 of the app', async () => {
    await start();
    expect(await get('/nowhere')).toMatchObject({
      status: 404,
      body: { message: 'Cannot GET /nowhere' },
    });
  });

  it("the app's own middleware runs in the tenant's context", async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Watching implements NestMiddleware {
      use(_request: unknown, _response: unknown, next: () => void) {
        seen.push(context());
        next();
      }
    }
    @Module({ controllers: [Routes] })
    class WithMiddleware implements NestModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(Watching).forRoutes('{*splat}');
      }
    }
    await start({}, undefined, WithMiddleware);
    await get('/projects');
    expect(seen).toEqual([IN_ACME]);
  });

  describe('with mount: false', () => {
    it('nothing is entered and nothing refused', async () => {
      await start({ mount: false });
      expect(await bodiesOf('/projects')).toEqual([OUTSIDE]);
      expect((await get('/projects', 'nobody.localhost')).body).toEqual(OUTSIDE);
    });

    it('the app mounts middleware and guard where it wants them', async () => {
      @Controller('shop')
      class Shop {
        @Get('open')
        open() {
          return context();
        }

        @UseGuards(TenancyGuard)
        @Get('guarded')
        guarded() {
          return context();
        }
      }
      @Module({ controllers: [Shop, Routes] })
      class SelfMounting implements NestModule {
        configure(consumer: MiddlewareConsumer) {
          consumer.apply(TenancyMiddleware).forRoutes(Shop);
        }
      }
      await start({ mount: false }, undefined, SelfMounting);
      expect(await bodiesOf('/shop/open', '/shop/guarded', '/projects')).toEqual([
        IN_ACME,
        IN_ACME,
        OUTSIDE,
      ]);
      expect((await get('/shop/open', 'nobody.localhost')).body).toEqual({
        tenant: null,
        entered: true,
      });
      expect((await get('/shop/guarded', 'nobody.localhost')).status).toBe(404);
    });
  });
});
