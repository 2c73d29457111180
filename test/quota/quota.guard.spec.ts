import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  bySubdomain,
  Quota,
  QuotaService,
  Tenancy,
  TenancyModule,
  TenantService,
  UniversalRoute,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';

@Controller()
@Quota('requests_per_minute')
class Routes {
  @Get('plain')
  plain() {
    return 'plain';
  }

  @Get('call')
  @Quota('api_calls_per_day', 2)
  call() {
    return 'called';
  }

  @Get('mail')
  @Quota('monthly_emails', (context) => Number(context.switchToHttp().getRequest().query.amount))
  mail() {
    return 'sent';
  }

  @Get('webhook')
  @Quota('webhooks')
  webhook() {
    return 'made';
  }

  @Get('anybody')
  @UniversalRoute()
  anybody() {
    return 'nobody';
  }
}

@Controller('free')
class FreeRoutes {
  @Get()
  free() {
    return 'free';
  }
}

@Module({ controllers: [Routes, FreeRoutes] })
class Root {}

const [engine] = engines;

describe.each(Object.entries(PLATFORMS))('@Quota() on %s', (_platform, adapter) => {
  let setup: EngineSetup;
  let app: INestApplication;

  beforeAll(async () => {
    setup = await engine!.prepare();
    const tenancy = TenancyModule.forRoot(
      optionsOn(setup, {
        identify: [bySubdomain({ of: 'localhost' })],
        quota: {
          store: 'memory',
          catalogue: {
            requests_per_minute: { period: 'minute' },
            api_calls_per_day: { limit: 5 },
            monthly_emails: { limit: 10 },
            webhooks: { limit: 1, refuseWith: 402 },
          },
        },
      }),
    );
    app = await NestFactory.create(
      { module: Root, imports: [tenancy], controllers: [Routes, FreeRoutes] },
      adapter(),
      { logger: false, abortOnError: false },
    );
    await app.listen(0, '127.0.0.1');
    for (const slug of ['acme', 'other', 'slow', 'suspended']) {
      await app.get(TenantService).create({
        slug,
        settings: slug === 'slow' ? { quotas: { requests_per_minute: 0.5 } } : {},
      });
    }
    await app.get(TenantService).suspend('suspended');
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const of = (slug: string, path: string) => ask(app, path, { host: `${slug}.localhost` });
  const usageOf = (slug: string, key: 'api_calls_per_day' | 'requests_per_minute') =>
    app
      .get(Tenancy)
      .run(slug, async () => (await app.get(QuotaService).usage([key]))[0]?.used ?? null);

  it('uses what it says, and tells the client how it stands', async () => {
    const { status, headers } = await of('acme', '/call');
    expect(status).toBe(200);
    expect(headers['ratelimit-policy']).toBe('"api_calls_per_day";q=5;w=86400');
    expect(headers['ratelimit']).toMatch(/^"api_calls_per_day";r=3;t=\d+$/);
    const t = Number(/t=(\d+)$/.exec(String(headers['ratelimit']))?.[1]);
    expect(t).toBeGreaterThan(0);
    expect(t).toBeLessThanOrEqual(86_400);
  });

  it('refuses with 429 when it is used up, and leaves another tenant alone', async () => {
    await of('acme', '/call');
    const { status, headers, body } = await of('acme', '/call');
    expect({ status, body }).toEqual({
      status: 429,
      body: {
        statusCode: 429,
        code: 'QUOTA_EXCEEDED',
        message: 'The quota "api_calls_per_day" is used up',
      },
    });
    expect(headers['ratelimit-policy']).toBe('"api_calls_per_day";q=5;w=86400');
    expect(headers['ratelimit']).toMatch(/^"api_calls_per_day";r=1;t=\d+$/);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(86_400);
    expect((await of('other', '/call')).status).toBe(200);
  });

  it('what is refused uses nothing, of its controller’s quota either', async () => {
    const before = await usageOf('acme', 'requests_per_minute');
    await of('acme', '/call');
    const after = await usageOf('acme', 'requests_per_minute');
    // A minute may have begun anew in between.
    expect(after === before || after === 0).toBe(true);
    expect(await usageOf('acme', 'api_calls_per_day')).toBe(4);
  });

  it('costs what the request says', async () => {
    expect((await of('acme', '/mail?amount=7')).headers['ratelimit']).toMatch(/r=3/);
    expect((await of('acme', '/mail?amount=4')).status).toBe(429);
    expect((await of('acme', '/mail?amount=x')).status).toBe(400);
    expect((await of('acme', '/mail?amount=-1')).status).toBe(400);
  });

  it('refuses with 402, without a time to come again, where the quota says so', async () => {
    expect((await of('acme', '/webhook')).headers['ratelimit']).toBe('"webhooks";r=0');
    const { status, headers } = await of('acme', '/webhook');
    expect(status).toBe(402);
    expect(headers['retry-after']).toBeUndefined();
    expect(headers['ratelimit-policy']).toBe('"webhooks";q=1');
  });

  it('holds for every route of a controller, by the tenant’s own limit', async () => {
    expect((await of('acme', '/plain')).headers['ratelimit']).toBeUndefined();
    expect((await of('slow', '/plain')).status).toBe(429);
    expect((await of('slow', '/free')).status).toBe(200);
  });

  it('what the tenancy guard refuses uses nothing', async () => {
    expect((await of('suspended', '/call')).status).toBe(403);
    expect(await usageOf('suspended', 'api_calls_per_day')).toBe(0);
  });

  it('a request without a tenant has no quota to use', async () => {
    expect(await ask(app, '/anybody')).toMatchObject({
      status: 500,
      body: { code: 'TENANT_CONTEXT_MISSING' },
    });
  });

  it('logs by the route what was used', async () => {
    await app.get(Tenancy).run('other', async () => {
      const history = await app
        .get(QuotaService)
        .history({ key: 'api_calls_per_day', by: ['source'] });
      expect(history).toEqual([{ source: 'Routes.call', amount: 2, uses: 1 }]);
    });
  });
});
