import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { currentTenant } from '../../lib/context/tenant-context.js';
import { CentralRoute, TenantRoute, UniversalRoute } from '../../lib/identify/route-mode.js';
import { byHeader } from '../../lib/identify/by-header.js';
import { bySubdomain } from '../../lib/identify/by-subdomain.js';
import { byTokenClaim } from '../../lib/identify/by-token-claim.js';
import type { HttpOptions } from '../../lib/options/tenancy-options.js';
import { ask, PLATFORMS, startHttpApp, type Asking } from '../support/http.js';
import { TenantsInMemory } from '../support/tenants-in-memory.js';

const served = () => ({ tenant: currentTenant()?.slug ?? null });

@Controller()
class MarkedByRoute {
  @Get('unmarked')
  unmarked() {
    return served();
  }

  @TenantRoute()
  @Get('tenant')
  tenant() {
    return served();
  }

  @CentralRoute()
  @Get('central')
  central() {
    return served();
  }

  @UniversalRoute()
  @Get('universal')
  universal() {
    return served();
  }
}

@CentralRoute()
@Controller('admin')
class MarkedByController {
  @Get()
  central() {
    return served();
  }

  @TenantRoute()
  @Get('tenant')
  tenant() {
    return served();
  }
}

@Module({ controllers: [MarkedByRoute, MarkedByController] })
class AppModule {}

const tenants = new TenantsInMemory();
tenants.add('acme');
tenants.add('globex');
tenants.add('late', { status: 'suspended' });
tenants.add('bad', { status: 'blocked' });
tenants.add('new', { status: 'provisioning' });
tenants.add('broken', { status: 'failed' });
tenants.add('gone', { status: 'deleted' });

const identify = [
  bySubdomain({ of: 'localhost' }),
  byHeader({ name: 'x-tenant', authorize: ({ tenant }) => tenant.slug !== 'globex' }),
  byTokenClaim({
    claim: 'tid',
    verify(token) {
      if (token === 'expired') throw new Error('expired');
      return { tid: token };
    },
  }),
];

/** How a request looks that leads to the outcome. */
const REQUESTS = {
  'found, active': { host: 'acme.localhost' },
  'found, suspended': { host: 'late.localhost' },
  'found, blocked': { host: 'bad.localhost' },
  'found, provisioning': { host: 'new.localhost' },
  'found, failed': { host: 'broken.localhost' },
  'found, deleted since': { host: 'gone.localhost' },
  none: { host: 'localhost' },
  unknown: { host: 'nobody.localhost' },
  invalid: { headers: { 'x-tenant': 'no slug' } },
  'invalid credential': { headers: { authorization: 'Bearer expired' } },
  'forbidden by authorize': { headers: { 'x-tenant': 'globex' } },
  'forbidden by mismatch': { host: 'globex.localhost', headers: { authorization: 'Bearer acme' } },
} satisfies Record<string, Asking>;

type Outcome = keyof typeof REQUESTS;

const ACME = 'acme';
const CENTRAL = null;
const NOT_FOUND = '404 TENANT_NOT_FOUND';
const NOT_FOR_TENANT = '404 ROUTE_NOT_FOR_TENANT';
const FORBIDDEN = '403 TENANT_FORBIDDEN';
const NOT_READY = '503 TENANT_NOT_READY';

type Row = [Outcome, tenant: string | null, central: string | null, universal: string | null];

const TABLE: Row[] = [
  ['found, active', ACME, NOT_FOR_TENANT, ACME],
  ['found, suspended', '403 TENANT_SUSPENDED', NOT_FOR_TENANT, '403 TENANT_SUSPENDED'],
  ['found, blocked', '403 TENANT_BLOCKED', NOT_FOR_TENANT, '403 TENANT_BLOCKED'],
  ['found, provisioning', NOT_READY, NOT_FOR_TENANT, NOT_READY],
  ['found, failed', NOT_READY, NOT_FOR_TENANT, NOT_READY],
  ['found, deleted since', NOT_FOUND, NOT_FOR_TENANT, NOT_FOUND],
  ['none', NOT_FOUND, CENTRAL, CENTRAL],
  ['unknown', NOT_FOUND, CENTRAL, CENTRAL],
  ['invalid', NOT_FOUND, NOT_FOUND, NOT_FOUND],
  [
    'invalid credential',
    '401 TENANT_CREDENTIAL_INVALID',
    '401 TENANT_CREDENTIAL_INVALID',
    '401 TENANT_CREDENTIAL_INVALID',
  ],
  ['forbidden by authorize', FORBIDDEN, FORBIDDEN, FORBIDDEN],
  ['forbidden by mismatch', FORBIDDEN, FORBIDDEN, FORBIDDEN],
];

const REASONS: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
};

/** The whole body that a refusal must have, or what `served` returns. */
function bodyOf(expected: string | null) {
  const refusal = /^(\d+) (\w+)$/.exec(expected ?? '');
  if (refusal === null) return { tenant: expected };
  const statusCode = Number(refusal[1]);
  return { statusCode, code: refusal[2], message: REASONS[statusCode] };
}

describe.each(Object.entries(PLATFORMS))('on %s', (_name, platform) => {
  let app: INestApplication;
  const start = async (http: HttpOptions = {}) => {
    app = await startHttpApp({
      adapter: platform(),
      tenants,
      options: { identify, http },
      module: AppModule,
    });
  };
  const answerTo = async (path: string, outcome: Outcome) =>
    (await ask(app, path, REQUESTS[outcome])).body;
  afterEach(() => app.close());

  it.each(TABLE)('a request of outcome "%s"', async (outcome, tenant, central, universal) => {
    await start();
    expect({
      '/tenant': await answerTo('/tenant', outcome),
      '/unmarked': await answerTo('/unmarked', outcome),
      '/central': await answerTo('/central', outcome),
      '/universal': await answerTo('/universal', outcome),
      '/admin': await answerTo('/admin', outcome),
      '/admin/tenant': await answerTo('/admin/tenant', outcome),
    }).toEqual({
      '/tenant': bodyOf(tenant),
      '/unmarked': bodyOf(tenant),
      '/central': bodyOf(central),
      '/universal': bodyOf(universal),
      '/admin': bodyOf(central),
      '/admin/tenant': bodyOf(tenant),
    });
  });

  it.each(['central', 'universal'] as const)('an unmarked route is %s when told', async (mode) => {
    await start({ defaultRouteMode: mode });
    expect(await answerTo('/unmarked', 'none')).toEqual({ tenant: null });
    expect(await answerTo('/unmarked', 'found, active')).toEqual(
      bodyOf(mode === 'central' ? NOT_FOR_TENANT : ACME),
    );
    expect(await answerTo('/tenant', 'none')).toEqual(bodyOf(NOT_FOUND));
  });

  it('central routes are on the central hosts alone when there are some', async () => {
    await start({ centralHosts: ['app.localhost'] });
    const at = async (path: string, host: string) => (await ask(app, path, { host })).body;
    expect(await at('/central', 'app.localhost')).toEqual({ tenant: null });
    expect(await at('/universal', 'app.localhost:80')).toEqual({ tenant: null });
    expect(await at('/tenant', 'app.localhost')).toEqual(bodyOf(NOT_FOUND));
    expect(await at('/central', 'localhost')).toEqual(bodyOf(NOT_FOUND));
    expect(await at('/central', 'nobody.localhost')).toEqual(bodyOf(NOT_FOUND));
    expect(await at('/universal', 'localhost')).toEqual({ tenant: null });
    expect(await at('/central', 'acme.localhost')).toEqual(bodyOf(NOT_FOR_TENANT));
  });

  it('says when to ask again for a tenant that is being created, and only then', async () => {
    await start();
    const soon = await ask(app, '/tenant', REQUESTS['found, provisioning']);
    expect([soon.status, soon.headers['retry-after']]).toEqual([503, '5']);
    const never = await ask(app, '/tenant', REQUESTS['found, blocked']);
    expect([never.status, never.headers['retry-after']]).toEqual([403, undefined]);
  });
});
