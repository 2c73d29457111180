import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { NestFactory } from '@nestjs/core';
import { EventEmitter, once } from 'node:events';
import { createServer, request } from 'node:http';
import {
  byHeader,
  bySubdomain,
  CentralRoute,
  TenancyModule,
  TenantService,
  type AdminRequestEvent,
} from '../../lib/index.js';
import { adminDocument, TenancyAdminModule } from '../../lib/admin/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { findFreePort } from '../support/servers/free-port.js';
import { optionsOn } from '../support/tenancy-app.js';
import { call, OperatorGuard, startAdminApp, type AdminAppParts } from './admin-app.js';
import { operationsOf, pathOf } from './operations-of.js';

const [engine] = engines;

let setup: EngineSetup;
beforeAll(async () => {
  setup = await engine!.prepare();
});
afterAll(() => setup.cleanUp());

/** A route of the app's own, which anybody may call. */
@Controller()
class PublicController {
  @Get('public')
  @CentralRoute()
  read() {
    return { public: true };
  }
}

@Module({ controllers: [PublicController] })
class PublicModule {}

/** Lets everybody pass, once the test says so. */
@Injectable()
class SlowGuard {
  static readonly gate = new EventEmitter();

  async canActivate(): Promise<boolean> {
    SlowGuard.gate.emit('arrived');
    await once(SlowGuard.gate, 'open');
    return true;
  }
}

/** With a path as it is written, and with a host of one's choice, which `fetch` has neither of. */
async function send(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const authorization = 'Bearer token-of-anna';
  const sent = request({ port, path, headers: { authorization, ...headers }, agent: false }).end();
  const [answer] = await once(sent, 'response');
  answer.resume();
  return answer.statusCode;
}

describe.each(Object.entries(PLATFORMS))('a port of its own over %s', (_name, adapter) => {
  let app: INestApplication;
  let port: number;
  let admin: string;
  const told: AdminRequestEvent[] = [];
  const slug = `acme-${_name}`;

  beforeAll(async () => {
    port = await findFreePort();
    admin = `http://127.0.0.1:${port}`;
    app = await startAdminApp(setup, {
      adapter: adapter(),
      admin: { port },
      imports: [EventEmitterModule.forRoot(), PublicModule],
      options: {
        identify: [byHeader({ name: 'x-tenant', trusted: true }), bySubdomain({ of: 'localhost' })],
        http: { centralHosts: ['app.example'] },
      },
    });
    app.get(EventEmitter2).on('admin.request', (event: AdminRequestEvent) => told.push(event));
    await app.get(TenantService).create({ slug });
  });
  afterAll(() => app.close());
  beforeEach(() => void told.splice(0));

  it('has the API, behind its guard', async () => {
    expect(await call(admin, `GET tenants/${slug}`)).toMatchObject({ status: 200, body: { slug } });
    expect((await call(admin, 'GET tenants', { token: null })).status).toBe(401);
    expect((await call(admin, 'GET tenants', { token: 'token-of-eve' })).status).toBe(403);
    expect(told).toHaveLength(3);
    const created = await call(admin, 'POST tenants', { body: { slug: `made-${_name}` } });
    expect(created.status).toBe(201);
  });

  it('leaves nothing of it at the port of the app, for operators neither', async () => {
    for (const { method, path, hasBody } of operationsOf(adminDocument(app))) {
      const route = `${method} ${pathOf(path, { tenant: slug, host: 'a.example', key: 'users', id: 'x' })}`;
      const { status } = await call(app, route, { body: hasBody ? {} : undefined });
      expect({ route, status }).toEqual({ route, status: 404 });
    }
    expect(told).toEqual([]);
    expect((await call(app, 'GET /public')).status).toBe(404);
    expect(await call(app, 'GET /public', { headers: { 'x-tenant': slug } })).toMatchObject({
      status: 404,
    });
  });

  it('leads to nothing else', async () => {
    const { port: own } = app.getHttpServer().address();
    expect(await send(own, '/public', { host: 'app.example' })).toBe(200);
    const elsewhere = [
      '/public',
      '/',
      '/admin/tenancy',
      '/admin/tenancyx/tenants',
      '/admin/tenancy/../../public',
      '/admin/tenancy/%2e%2e/%2E%2E/public',
      '//admin/tenancy/tenants',
      'http://app.example/public',
      '/public?/admin/tenancy/',
    ];
    for (const path of elsewhere) {
      const status = await send(port, path, { host: 'app.example' });
      expect({ path, status }).toEqual({ path, status: 404 });
    }
  });

  it('is of no tenant, whatever the request says', async () => {
    const path = `/admin/tenancy/tenants/${slug}`;
    expect(await send(port, path, { host: `${slug}.localhost` })).toBe(200);
    expect(await send(port, path, { 'x-tenant': slug })).toBe(200);
  });

  it('waits for calls under way, and is free again when the app is closed', async () => {
    const again = await findFreePort();
    const parts: AdminAppParts = { admin: { port: again, guard: SlowGuard } };
    const slow = await startAdminApp(setup, { ...parts, adapter: adapter() });
    const arrived = once(SlowGuard.gate, 'arrived');
    const answered = call(`http://127.0.0.1:${again}`, 'GET tenants');
    await arrived;
    const closed = slow.close();
    SlowGuard.gate.emit('open');
    expect((await answered).status).toBe(200);
    await closed;
    await (await startAdminApp(setup, { ...parts, adapter: adapter() })).close();
  });

  it('is behind the app’s prefix, and its own', async () => {
    const other = await findFreePort();
    const prefixed = await startAdminApp(setup, {
      adapter: adapter(),
      admin: { port: other, prefix: 'operators' },
      configure: (nest) => void nest.setGlobalPrefix('api'),
    });
    const at = (path: string) => call(`http://127.0.0.1:${other}`, `GET ${path}`);
    expect((await at('/api/operators/tenants')).status).toBe(200);
    expect((await at('/admin/tenancy/tenants')).status).toBe(404);
    await prefixed.close();
  });
});

describe('an app with a port for the admin API', () => {
  it('refuses with 503 until it listens', async () => {
    const port = await findFreePort();
    const app = await NestFactory.create(root(port), { logger: false, abortOnError: false });
    await app.init();
    const refused = await call(`http://127.0.0.1:${port}`, 'GET tenants');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    await app.listen(0, '127.0.0.1');
    expect((await call(`http://127.0.0.1:${port}`, 'GET tenants')).status).toBe(200);
    await app.close();
  });

  it('does not open it where it serves nothing, as for the command line', async () => {
    const port = await findFreePort();
    const context = await NestFactory.createApplicationContext(root(port), { logger: false });
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
    await context.close();
  });

  it('does not start when the port is taken, and says so', async () => {
    const other = createServer().listen(await findFreePort(), '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(startAdminApp(setup, { admin: { port } })).rejects.toMatchObject({
      code: 'ADMIN_PORT_REFUSED',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    other.close();
  });
});

function root(port: number) {
  return {
    module: Root,
    imports: [
      TenancyModule.forRoot(optionsOn({ ...setup, cleanUp: async () => {} })),
      TenancyAdminModule.forRoot({ guard: OperatorGuard, port }),
    ],
  };
}

@Module({})
class Root {}
