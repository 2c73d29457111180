import {
  Controller,
  Get,
  Module,
  UseInterceptors,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import {
  ApiKey,
  ApiKeyGuard,
  ApiKeyService,
  byApiKey,
  bySubdomain,
  CENTRAL,
  CentralRoute,
  CurrentTenant,
  QuotaCounter,
  Tenancy,
  TenancyInterceptor,
  TenancyModule,
  TenantService,
  type CreateApiKey,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import { runDetached, runForTenant } from '../../lib/context/tenant-context.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';

@Controller('guarded')
@ApiKey()
class Guarded {
  @Get()
  @ApiKey()
  slug(@CurrentTenant('slug') slug: string) {
    return { slug };
  }
}

@Controller('plain')
class Plain {
  @Get()
  slug(@CurrentTenant('slug') slug: string) {
    return { slug };
  }

  @Get('central')
  @CentralRoute()
  central() {
    return {};
  }
}

@Controller('bare')
@ApiKey()
class Bare {
  @Get()
  answer() {
    return {};
  }
}

@Controller('lost')
@UseInterceptors(TenancyInterceptor)
@ApiKey()
class Lost {
  @Get()
  slug(@CurrentTenant('slug') slug: string) {
    return { slug };
  }
}

/** As a middleware that goes on from the callback of a shared socket, which another tenant's request opened. */
@Module({})
class LosesContext implements NestModule {
  constructor(
    private readonly tenancy: Tenancy,
    private readonly tenants: TenantService,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    const lose = async (_request: object, _response: object, next: () => void) => {
      const other = await this.tenants.get('other');
      const tenant = await runDetached('the socket', () =>
        this.tenancy.run(other, async () => this.tenancy.require()),
      );
      runDetached('the socket', () => runForTenant(tenant, next));
    };
    consumer.apply(lose).forRoutes('lost');
  }
}

@Module({})
class Root {}

const [engine] = engines;

describe.each(Object.entries(PLATFORMS))('on %s', (_platform, adapter) => {
  let setup: EngineSetup;
  let app: INestApplication;
  beforeEach(async () => {
    setup = await engine!.prepare();
  });
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  async function start(options: TenancyModuleOptions, everywhere = false): Promise<void> {
    app = await NestFactory.create(
      {
        module: Root,
        imports: [TenancyModule.forRoot(optionsOn(setup, options)), LosesContext],
        controllers: [Guarded, Plain, Bare, Lost],
        providers: everywhere ? [{ provide: APP_GUARD, useClass: ApiKeyGuard }] : [],
      },
      adapter(),
      { logger: false, abortOnError: false },
    );
    await app.listen(0, '127.0.0.1');
    for (const slug of ['acme', 'other']) await app.get(TenantService).create({ slug });
  }
  async function keyOf(slug: string, more: Partial<CreateApiKey> = {}): Promise<string> {
    const keys = app.get(ApiKeyService);
    const create = () => keys.create({ name: slug, ...more });
    return (await app.get(Tenancy).run(slug, create)).key;
  }
  const send = (host: string, path: string, key?: string) =>
    ask(app, path, { host, headers: key === undefined ? {} : { 'x-api-key': key } });

  it('where the key alone names the tenant, it does so on every route', async () => {
    await start({ identify: [byApiKey()] });
    const [acme, other] = [await keyOf('acme'), await keyOf('other')];
    const central = (await app.get(ApiKeyService).central.create({ name: 'operator' })).key;
    for (const path of ['/plain', '/guarded']) {
      expect((await send('api.example', path, acme)).body).toEqual({ slug: 'acme' });
      expect((await send('api.example', path, other)).body).toEqual({ slug: 'other' });
      // It names no tenant, and so leads to none.
      expect((await send('api.example', path, central)).status).toBe(404);
      expect((await send('api.example', path)).status).toBe(404);
      const { status, body } = await send('api.example', path, `${acme}x`);
      expect({ status, body }).toMatchObject({ status: 401, body: { code: 'API_KEY_INVALID' } });
    }
    expect((await send('api.example', '/plain/central', acme)).status).toBe(404);
    expect((await send('api.example', '/plain/central', central)).status).toBe(200);
    await app.get(TenantService).delete('other', { confirm: 'other' });
    expect((await send('api.example', '/guarded', other)).status).toBe(404);
  });

  it('as a global guard it asks every route for a key, and counts a request once', async () => {
    await start({ identify: [bySubdomain({ of: 'localhost' })] }, true);
    expect((await send('acme.localhost', '/plain')).status).toBe(401);
    expect((await send('acme.localhost', '/plain', await keyOf('other'))).status).toBe(403);
    expect((await send('acme.localhost', '/plain', await keyOf('acme'))).status).toBe(200);
    const slow = await keyOf('acme', { requestsPerMinute: 2 });
    expect((await send('acme.localhost', '/guarded', slow)).status).toBe(200);
    expect((await send('acme.localhost', '/guarded', slow)).status).toBe(200);
    // In the central database, as without a Redis by default.
    const counters = await app
      .get<DataSource>(getDataSourceToken(CENTRAL))
      .getRepository(QuotaCounter)
      .find();
    expect(counters.map(({ key }) => key.startsWith('api-key:'))).toContain(true);
    expect(counters.reduce((sum, { taken }) => sum + Number(taken), 0)).toBe(2_000_000);
  });

  it('on a path that the middleware leaves alone it knows central keys only', async () => {
    await start({ http: { exclude: ['/bare'] } });
    const central = (await app.get(ApiKeyService).central.create({ name: 'operator' })).key;
    expect((await send('acme.localhost', '/bare')).status).toBe(401);
    expect((await send('acme.localhost', '/bare', await keyOf('acme'))).status).toBe(403);
    expect((await send('acme.localhost', '/bare', central)).status).toBe(200);
  });

  it('compares with the tenant of the request, also where its context is lost', async () => {
    await start({});
    expect((await send('acme.localhost', '/lost', await keyOf('other'))).status).toBe(403);
    const { status, body } = await send('acme.localhost', '/lost', await keyOf('acme'));
    expect({ status, body }).toEqual({ status: 200, body: { slug: 'acme' } });
  });
});
