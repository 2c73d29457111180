import {
  Controller,
  Get,
  Module,
  Req,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator } from '@nestjs/core';
import { currentTenant } from '../../lib/context/tenant-context.js';
import { CentralRoute, UniversalRoute } from '../../lib/identify/route-mode.js';
import { TenancyGuard } from '../../lib/http/tenancy.guard.js';
import { ask, PLATFORMS, startHttpApp } from '../support/http.js';
import { TenantsInMemory } from '../support/tenants-in-memory.js';

class ProjectResolver {
  projects() {
    return { slug: currentTenant()?.slug ?? null };
  }

  @CentralRoute()
  plans() {
    return { slug: currentTenant()?.slug ?? null };
  }
}

/**
 * Calls resolvers as `@nestjs/graphql` does: by NestJS's external contexts, with the global guards, interceptors and
 * filters, and with the HTTP request in GraphQL's context.
 */
@UniversalRoute()
@Controller()
class Endpoint {
  private readonly resolver = new ProjectResolver();

  constructor(private readonly contexts: ExternalContextCreator) {}

  @Get('projects')
  projects(@Req() req: object) {
    return this.resolve(this.resolver.projects, 'graphql', req);
  }

  @Get('plans')
  plans(@Req() req: object) {
    return this.resolve(this.resolver.plans, 'graphql', req);
  }

  /** A subscription, or a transport whose context holds no request. */
  @Get('without-request')
  withoutRequest() {
    return this.resolve(this.resolver.projects, 'graphql', undefined);
  }

  @Get('socket')
  socket(@Req() req: object) {
    return this.resolve(this.resolver.projects, 'ws', req);
  }

  private async resolve(method: () => unknown, type: string, req?: object) {
    const call = this.contexts.create(
      this.resolver,
      method,
      method.name,
      undefined,
      undefined,
      undefined,
      undefined,
      { guards: true, interceptors: true, filters: true },
      type,
    );
    try {
      return { data: await call(undefined, {}, { req }, undefined) };
    } catch (error) {
      return { error: (error as { code?: string }).code };
    }
  }
}

@Module({ controllers: [Endpoint] })
class AppModule {}

const tenants = new TenantsInMemory();
tenants.add('acme');

describe.each(Object.entries(PLATFORMS))('a resolver, on %s', (_name, platform) => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await startHttpApp({ adapter: platform(), tenants, module: AppModule });
  });
  afterAll(() => app.close());
  const get = async (path: string, name: string) =>
    (await ask(app, path, { host: `${name}.localhost` })).body;

  it('is served as its tenant', async () => {
    expect(await get('/projects', 'acme')).toEqual({ data: { slug: 'acme' } });
  });

  it('is refused by its own mode, and the error is left to GraphQL', async () => {
    expect(await get('/projects', 'nobody')).toEqual({ error: 'TENANT_NOT_FOUND' });
    expect(await get('/plans', 'acme')).toEqual({ error: 'ROUTE_NOT_FOR_TENANT' });
    expect(await get('/plans', 'nobody')).toEqual({ data: { slug: null } });
  });

  it('passes where there is no HTTP request to verify', async () => {
    expect(await get('/without-request', 'nobody')).toEqual({ data: { slug: null } });
    expect(await get('/socket', 'nobody')).toEqual({ data: { slug: null } });
  });
});

describe('a guard of the app', () => {
  class SocketGuard extends TenancyGuard {
    protected override getRequest(context: ExecutionContext): object | undefined {
      return context.getType<string>() === 'ws'
        ? context.getArgByIndex<{ req: object }>(2).req
        : super.getRequest(context);
    }
  }

  it('says where another transport has its request', async () => {
    @Module({
      controllers: [Endpoint],
      providers: [{ provide: APP_GUARD, useClass: SocketGuard }],
    })
    class WithSocketGuard {}
    const app = await startHttpApp({
      adapter: PLATFORMS.express!(),
      tenants,
      module: WithSocketGuard,
    });
    const { body } = await ask(app, '/socket', { host: 'nobody.localhost' });
    await app.close();
    expect(body).toEqual({ error: 'TENANT_NOT_FOUND' });
  });
});
