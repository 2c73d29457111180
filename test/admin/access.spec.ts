import {
  Inject,
  Injectable,
  Module,
  Scope,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { of } from 'rxjs';
import { bySubdomain, TenantService, type AdminRequestEvent } from '../../lib/index.js';
import { PendingTenants } from '../../lib/tenant/pending-tenants.js';
import { TenantStore } from '../../lib/tenant/tenant-store.js';
import { TenancyMiddleware } from '../../lib/index.js';
import {
  adminDocument,
  TenancyAdminModule,
  type TenancyAdminOptions,
} from '../../lib/admin/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { call, OperatorGuard, startAdminApp, type AdminAppParts } from './admin-app.js';
import { operationsOf, pathOf } from './operations-of.js';

const [engine] = engines;

let setup: EngineSetup;
beforeAll(async () => {
  setup = await engine!.prepare();
});
afterAll(() => setup.cleanUp());

/** Runs `work` with an app of its own. */
async function withApp(
  parts: AdminAppParts,
  work: (app: INestApplication) => Promise<void>,
): Promise<void> {
  const app = await startAdminApp(setup, parts);
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

/** What each call is answered with, whatever it does, by who makes it. */
const CALLERS = [
  { caller: 'nobody', token: null, status: 401, code: 'UNAUTHORIZED' },
  { caller: 'a wrong token', token: 'token-of-nobody', status: 401, code: 'UNAUTHORIZED' },
  {
    caller: 'a known user who is no operator',
    token: 'token-of-eve',
    status: 403,
    code: 'FORBIDDEN',
  },
] as const;

const OPERATIONS = [
  'activateTenant',
  'addDomain',
  'blockTenant',
  'cancelMaintenance',
  'createApiKey',
  'createTenant',
  'createTenantApiKey',
  'deleteTenant',
  'disableMaintenance',
  'disableTenantMaintenance',
  'drainTenant',
  'enableMaintenance',
  'enableTenantMaintenance',
  'exportAudit',
  'exportTenantAudit',
  'getApiKey',
  'getMigrations',
  'getOperation',
  'getPools',
  'getTenant',
  'getTenantApiKey',
  'issueImpersonation',
  'listApiKeys',
  'listMaintenance',
  'listMigrations',
  'listQuotas',
  'listTenantApiKeys',
  'listTenantMaintenance',
  'listTenants',
  'queryAudit',
  'queryTenantAudit',
  'removeDomain',
  'repairTenant',
  'resetLimit',
  'restoreTenant',
  'revokeApiKey',
  'revokeTenantApiKey',
  'rotateApiKey',
  'rotateTenantApiKey',
  'rotateTenantCredentials',
  'runMigrations',
  'scheduleMaintenance',
  'scheduleTenantMaintenance',
  'setLimit',
  'setPrimaryDomain',
  'suspendTenant',
  'updateTenant',
  'verifyAudit',
  'verifyTenantAudit',
];

/** Of an operator, for a tenant that is there: none is refused for who asks. */
const ALLOWED = [200, 201, 202, 204, 400, 404, 409, 422];

describe.each(Object.entries(PLATFORMS))('who may use the admin API over %s', (_name, adapter) => {
  let app: INestApplication;
  const told: AdminRequestEvent[] = [];

  beforeAll(async () => {
    app = await startAdminApp(setup, {
      adapter: adapter(),
      imports: [EventEmitterModule.forRoot()],
      options: { identify: [bySubdomain({ of: 'localhost' })] },
    });
    app.get(EventEmitter2).on('admin.request', (event: AdminRequestEvent) => told.push(event));
    await app
      .get(TenantService)
      .create({ slug: 'acme' })
      .catch(() => {});
  });
  afterAll(() => app.close());
  beforeEach(() => void told.splice(0));

  it('every route of the document refuses everybody but operators, and tells of each call', async () => {
    const operations = operationsOf(adminDocument(app));
    expect(operations.map(({ id }) => id).toSorted()).toEqual(OPERATIONS);
    for (const { id, method, path, hasBody } of operations) {
      const route = `${method} ${pathOf(path, { tenant: 'acme', host: 'a.example', key: 'users', id: 'x' })}`;
      const body = hasBody ? {} : undefined;
      for (const { caller, token, status, code } of CALLERS) {
        const answer = await call(app, route, { token, body });
        expect({ id, caller, status: answer.status, body: answer.body }).toEqual({
          id,
          caller,
          status,
          body: expect.objectContaining({ status, code }),
        });
        expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(told.splice(0)).toEqual([
          expect.objectContaining({
            action: expect.stringMatching(/^admin\.(?:api-key|[a-z]+)\.[a-z-]+$/),
            actor: token === 'token-of-eve' ? 'eve' : null,
            outcome: 'refused',
          }),
        ]);
      }
      const { status } = await call(app, route, { body });
      expect({ id, allowed: ALLOWED.includes(status) || status }).toEqual({ id, allowed: true });
      expect(told.splice(0)).toEqual([
        expect.objectContaining({ actor: 'anna', outcome: status < 300 ? 'success' : 'refused' }),
      ]);
    }
  });

  it('every operation of the document needs the operator’s credentials, and no other is mounted', async () => {
    const document = adminDocument(app);
    expect(document.components?.securitySchemes).toEqual({
      operator: { type: 'http', scheme: 'bearer' },
    });
    for (const { id, security, method, path } of operationsOf(document)) {
      expect({ id, security }).toEqual({ id, security: [{ operator: [] }] });
      expect(path).toMatch(/^\/admin\/tenancy\//);
      // Its neighbours of other methods are no door beside it.
      for (const other of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) {
        if (other === method) continue;
        const { status } = await call(app, `${other} ${pathOf(path, { tenant: 'acme' })}`, {
          token: null,
        });
        expect([401, 404]).toContain(status);
      }
    }
  });

  it('an event says who did what to which tenant, and what came of it', async () => {
    const { body } = await call(app, 'POST tenants', { body: { slug: `told-${_name}` } });
    await call(app, `GET tenants/told-${_name}`, { token: 'token-of-omar' });
    await call(app, 'POST tenants', { body: { slug: `told-${_name}` } });
    await call(app, 'GET tenants/nobody');
    expect(told).toEqual([
      { action: 'admin.tenant.create', actor: 'anna', tenant: body.id, outcome: 'success' },
      { action: 'admin.tenant.get', actor: 'omar', tenant: body.id, outcome: 'success' },
      {
        action: 'admin.tenant.create',
        actor: 'anna',
        tenant: null,
        outcome: 'refused',
        code: 'TENANT_CONFLICT',
      },
      {
        action: 'admin.tenant.get',
        actor: 'anna',
        tenant: 'nobody',
        outcome: 'refused',
        code: 'TENANT_NOT_FOUND',
      },
    ]);
  });

  it('a tenant’s host does not lead there, and is told nothing of the tenant', async () => {
    const answer = await ask(app, '/admin/tenancy/tenants', {
      host: 'acme.localhost',
      headers: { authorization: 'Bearer token-of-anna' },
    });
    expect(answer).toMatchObject({ status: 404, body: { status: 404, title: 'Not Found' } });
    expect(JSON.stringify(answer.body)).not.toContain('acme');
  });

  it('what is wrong is told in full to operators alone', async () => {
    expect((await call(app, 'GET tenants/nobody')).body.detail).toContain('"nobody"');
    const refused = await call(app, 'GET tenants/nobody', { token: null });
    expect(refused.body.detail).toBe('Unauthorized');
  });
});

@Injectable()
class Keys {
  readonly key = 'the key';
}

@Module({ providers: [Keys], exports: [Keys] })
class KeysModule {}

@Injectable()
class KeyGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(context: ExecutionContext) {
    return of(context.switchToHttp().getRequest().headers['x-key'] === this.keys.key);
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestGuard implements CanActivate {
  constructor(@Inject(REQUEST) private readonly request: { headers: Record<string, string> }) {}

  async canActivate() {
    return this.request.headers['x-key'] === 'the key';
  }
}

@Injectable()
class BrokenGuard implements CanActivate {
  canActivate(): boolean {
    throw new Error('the directory of secret.internal is away');
  }
}

@Injectable()
class TruthyGuard {
  canActivate() {
    return 'yes';
  }
}

describe('the guard of the admin API', () => {
  const key = { 'x-key': 'the key' };

  const start = (admin: object) => startAdminApp(setup, { admin });

  it.each([
    ['no guard', { guard: undefined }],
    ['an empty list', { guard: [] }],
    ['a list of nothing', { guard: [undefined] }],
    ['a class that is no guard', { guard: Keys }],
    ['a function', { guard: () => true }],
    ['a name', { guard: 'OperatorGuard' }],
  ])('%s: the app does not start', async (_what, admin) => {
    await expect(start(admin)).rejects.toMatchObject({ code: 'ADMIN_GUARD_REQUIRED' });
  });

  it('the module without forRoot(): the app does not start', async () => {
    await expect(startAdminApp(setup, { imports: [TenancyAdminModule] })).rejects.toMatchObject({
      code: 'ADMIN_GUARD_REQUIRED',
    });
  });

  it.each([
    ['an option that is none', { gaurd: OperatorGuard }, 'guard'],
    ['a prefix with slashes around it', { prefix: '/admin/' }, 'prefix'],
    ['an empty prefix', { prefix: '' }, 'prefix'],
    ['a port out of range', { port: 70_000 }, 'port'],
    ['a port that is no number', { port: '4000' }, 'port'],
    ['a host without a port', { host: '0.0.0.0' }, 'host'],
  ])('%s is refused', (_what, admin, named) => {
    const options = { guard: OperatorGuard, ...admin } as TenancyAdminOptions;
    expect(() => TenancyAdminModule.forRoot(options)).toThrow(
      expect.objectContaining({
        code: 'ADMIN_OPTIONS_INVALID',
        message: expect.stringContaining(named),
      }),
    );
  });

  it('takes what it injects from `imports`, and may answer with an observable', async () => {
    await withApp({ admin: { guard: KeyGuard, imports: [KeysModule] } }, async (app) => {
      expect((await call(app, 'GET tenants', { headers: key })).status).toBe(200);
      expect((await call(app, 'GET tenants')).status).toBe(403);
    });
  });

  it('may be of the request', async () => {
    await withApp({ admin: { guard: RequestGuard } }, async (app) => {
      expect((await call(app, 'GET tenants', { headers: key })).status).toBe(200);
      expect((await call(app, 'GET tenants')).status).toBe(403);
    });
  });

  it('may be several, which all have to let pass', async () => {
    await withApp({ admin: { guard: [OperatorGuard, RequestGuard] } }, async (app) => {
      expect((await call(app, 'GET tenants', { headers: key })).status).toBe(200);
      expect((await call(app, 'GET tenants')).status).toBe(403);
      expect((await call(app, 'GET tenants', { token: null, headers: key })).status).toBe(401);
    });
  });

  it('lets nobody pass when it fails, and its failure is nobody’s to read', async () => {
    await withApp({ admin: { guard: BrokenGuard } }, async (app) => {
      expect(await call(app, 'GET tenants')).toMatchObject({
        status: 500,
        body: { code: 'INTERNAL_SERVER_ERROR', detail: 'Internal Server Error' },
      });
    });
  });

  it('lets pass with true alone', async () => {
    const guard = TruthyGuard as unknown as TenancyAdminOptions['guard'];
    await withApp({ admin: { guard } }, async (app) => {
      expect((await call(app, 'GET tenants')).status).toBe(403);
    });
  });
});

@Module({})
class MountsMiddleware implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(TenancyMiddleware).forRoutes('{*splat}');
  }
}

describe('where the admin API is', () => {
  it('under its own prefix, behind that of the app, of no version', async () => {
    const configure = (app: INestApplication) => {
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    };
    await withApp({ admin: { prefix: 'operators' }, configure }, async (app) => {
      const created = await call(app, 'POST /api/operators/tenants', { body: { slug: 'placed' } });
      expect(created.status).toBe(201);
      const location = new URL(created.headers.get('location')!, 'http://x/api/operators/tenants');
      expect((await call(app, `GET ${location.pathname}`)).status).toBe(200);
      expect((await call(app, 'GET /admin/tenancy/tenants')).status).toBe(404);
      const paths = Object.keys(adminDocument(app, { title: 'Mine' }).paths);
      expect(paths).toContain('/api/operators/tenants/{tenant}');
    });
  });

  it('on central hosts alone, where there are some', async () => {
    const options = { http: { centralHosts: ['operators.example'] } };
    await withApp({ options }, async (app) => {
      const headers = { authorization: 'Bearer token-of-anna' };
      const at = (host: string) => ask(app, '/admin/tenancy/tenants', { host, headers });
      expect((await at('operators.example')).status).toBe(200);
      expect((await at('elsewhere.example')).status).toBe(404);
    });
  });

  it('not on a tenant’s host, where the app mounts the middleware by itself, either', async () => {
    const options = { identify: [bySubdomain({ of: 'localhost' })], http: { mount: false } };
    await withApp({ options, imports: [MountsMiddleware] }, async (app) => {
      const headers = { authorization: 'Bearer token-of-anna' };
      const at = (host: string) => ask(app, '/admin/tenancy/tenants', { host, headers });
      await app.get(TenantService).create({ slug: 'mounted' });
      expect((await at('localhost')).status).toBe(200);
      expect((await at('mounted.localhost')).status).toBe(404);
    });
  });

  it('finds no tenant that is kept ready for whoever comes', async () => {
    await withApp(
      { options: { tenants: { pending: 1, servers: { main: { url: setup.serverUrl } } } } },
      async (app) => {
        const pending = app.get(PendingTenants, { strict: false });
        await pending.topUp();
        const { id } = await app
          .get(TenantStore, { strict: false })
          .list({ status: 'pending' })
          .then(({ tenants }) => tenants[0]!);
        expect(await call(app, `GET tenants/${id}`)).toMatchObject({
          status: 404,
          body: { code: 'TENANT_NOT_FOUND' },
        });
        expect((await call(app, `GET tenants/~${id}`)).status).toBe(404);
        const { body } = await call(app, 'GET migrations');
        expect(
          body.items.filter(({ tenant }: { tenant: string }) => tenant.startsWith('~')),
        ).toEqual([]);
      },
    );
  });
});
