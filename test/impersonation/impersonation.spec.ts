import {
  Controller,
  Get,
  Headers,
  Injectable,
  Module,
  Post,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import type { DataSource } from 'typeorm';
import {
  bySubdomain,
  ImpersonationGuard,
  ImpersonationService,
  Tenancy,
  TenancyModule,
  TenantService,
  type Impersonation,
  type ImpersonationEvent,
} from '../../lib/index.js';
import { ImpersonationStore } from '../../lib/impersonation/impersonation-store.js';
import { CENTRAL_DATA_SOURCE } from '../../lib/tenant/tokens.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { codeOf } from '../support/rejection.js';
import { optionsOn } from '../support/tenancy-app.js';

interface Session {
  readonly user: string;
  readonly impersonation?: unknown;
}

/** The app's own sessions: what a client has of one is its id. */
const sessions = new Map<string, Session>();

@Injectable()
class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    request.session = sessions.get(request.headers['x-session']);
    return request.session !== undefined;
  }
}

@Controller()
class Site {
  constructor(
    private readonly impersonations: ImpersonationService,
    private readonly tenancy: Tenancy,
  ) {}

  @Get('enter')
  async enter(@Headers('x-token') token: string) {
    const impersonation = await this.impersonations.redeem(token);
    // As a store of sessions does.
    const kept: unknown = JSON.parse(JSON.stringify(impersonation));
    sessions.set(impersonation.id, { user: impersonation.userId, impersonation: kept });
    return impersonation;
  }

  @Get('who')
  @UseGuards(SessionGuard, ImpersonationGuard)
  async who() {
    const within = await this.tenancy.runCentral('look', () => this.tenancy.impersonator?.actor);
    return { impersonator: this.tenancy.impersonator ?? null, within: within ?? null };
  }

  @Post('change')
  @UseGuards(SessionGuard, ImpersonationGuard)
  change(): string {
    return 'changed';
  }
}

const [engine] = engines;
const ANN = { tenant: 'acme', userId: 'ann', actor: 'operator@example.com' };

describe.each(Object.entries(PLATFORMS))('an impersonation on %s', (_name, platform) => {
  let setup: EngineSetup;
  let nest: INestApplication;
  let impersonations: ImpersonationService;
  let central: DataSource;
  let told: [string, ImpersonationEvent][];

  beforeAll(async () => {
    setup = await engine!.prepare();
    nest = await NestFactory.create(
      {
        module: Root,
        imports: [
          TenancyModule.forRoot({
            ...optionsOn(setup),
            identify: [bySubdomain({ of: 'app.example' })],
          }),
          EventEmitterModule.forRoot(),
        ],
        controllers: [Site],
      },
      platform(),
      { logger: false, abortOnError: false },
    );
    await nest.listen(0, '127.0.0.1');
    impersonations = nest.get(ImpersonationService);
    central = nest.get<DataSource>(CENTRAL_DATA_SOURCE);
    nest.get(EventEmitter2).onAny((name, event: ImpersonationEvent) => {
      if (String(name).startsWith('impersonation.')) told.push([String(name), event]);
    });
    for (const slug of ['acme', 'other']) await nest.get(TenantService).create({ slug });
  }, 60_000);
  afterAll(async () => {
    await nest.close();
    await setup.cleanUp();
  });
  beforeEach(() => {
    told = [];
    sessions.clear();
  });

  const get = (slug: string, path: string, headers: Record<string, string>) =>
    ask(nest, path, { host: `${slug}.app.example`, headers });
  const enter = (slug: string, token: string) => get(slug, '/enter', { 'x-token': token });
  const post = (id: string) =>
    ask(nest, '/change', {
      host: 'acme.app.example',
      headers: { 'x-session': id, 'content-type': 'application/json' },
      chunks: (async function* () {
        yield '{}';
      })(),
    });
  const tellings = () => told.map(([name, { problem }]) => `${name} ${problem ?? ''}`.trim());

  it('begins with a token that is used once, and is known to every request of its session', async () => {
    const { id, token, expiresAt } = await impersonations.issue({ ...ANN, reason: 'ticket 7' });
    expect(expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(60_000);
    const { status, body } = await enter('acme', token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, userId: 'ann', reason: 'ticket 7', readOnly: false });
    expect(await get('acme', '/who', { 'x-session': id })).toMatchObject({
      body: {
        impersonator: { id, actor: ANN.actor, userId: 'ann', readOnly: false },
        within: ANN.actor,
      },
    });
    expect((await post(id)).status).toBe(201);

    expect(await enter('acme', token)).toMatchObject({
      status: 403,
      body: { code: 'IMPERSONATION_REFUSED', message: 'Forbidden' },
    });
    expect(tellings()).toEqual([
      'impersonation.started',
      'impersonation.redeemed',
      'impersonation.refused used',
    ]);
    expect(told.every(([, event]) => event.actor === ANN.actor && event.slug === 'acme')).toBe(
      true,
    );
    expect(JSON.stringify(told)).not.toContain(token);
  });

  it('is nobody in the session of the user', async () => {
    sessions.set('ann', { user: 'ann' });
    expect(await get('acme', '/who', { 'x-session': 'ann' })).toMatchObject({
      status: 200,
      body: { impersonator: null, within: null },
    });
  });

  it('is refused in another tenant, and its token is not used up there', async () => {
    const { id, token } = await impersonations.issue(ANN);
    expect((await enter('other', token)).status).toBe(403);
    expect((await enter('acme', token)).status).toBe(200);
    expect((await get('other', '/who', { 'x-session': id })).body).toMatchObject({
      code: 'IMPERSONATION_REFUSED',
    });
    expect(tellings()).toEqual([
      'impersonation.started',
      'impersonation.refused other-tenant',
      'impersonation.redeemed',
      'impersonation.refused other-tenant',
    ]);
  });

  it('is refused when its token is too old, or none', async () => {
    const { id, token } = await impersonations.issue(ANN);
    await central.query('UPDATE tenancy_impersonations SET expires_at = ? WHERE id = ?', [
      Date.now(),
      id,
    ]);
    expect((await enter('acme', token)).status).toBe(403);
    expect((await enter('acme', 'nonsense')).status).toBe(403);
    expect((await get('acme', '/enter', {})).status).toBe(403);
    expect(tellings().slice(1)).toEqual([
      'impersonation.refused expired',
      'impersonation.refused unknown',
      'impersonation.refused unknown',
    ]);
  });

  it('looks and changes nothing when it is read-only', async () => {
    const { id, token } = await impersonations.issue({ ...ANN, readOnly: true });
    await enter('acme', token);
    expect((await get('acme', '/who', { 'x-session': id })).body).toMatchObject({
      impersonator: { readOnly: true },
    });
    expect(await post(id)).toMatchObject({
      status: 403,
      body: { code: 'IMPERSONATION_READ_ONLY' },
    });
    expect(tellings().at(-1)).toBe('impersonation.refused read-only');
  });

  it('ends, and what is kept of it must be whole', async () => {
    const { id, token } = await impersonations.issue({ ...ANN, duration: 1 });
    const { until } = (await enter('acme', token)).body as Impersonation;
    expect(Date.parse(until)).toBeLessThanOrEqual(Date.now());
    expect(await get('acme', '/who', { 'x-session': id })).toMatchObject({
      status: 401,
      body: { code: 'IMPERSONATION_ENDED' },
    });
    sessions.set('half', { user: 'ann', impersonation: { id } });
    expect((await get('acme', '/who', { 'x-session': 'half' })).status).toBe(403);
  });

  it('is issued by the central side, for a tenant that there is, with sound input', async () => {
    const inTenant = () => nest.get(Tenancy).run('acme', () => impersonations.issue(ANN));
    expect(await codeOf(inTenant)).toBe('TENANT_SWITCH_REFUSED');
    const refused = (input: object) => codeOf(() => impersonations.issue({ ...ANN, ...input }));
    expect(await refused({ tenant: 'nobody' })).toBe('TENANT_NOT_FOUND');
    for (const input of [{ userId: '' }, { actor: ' ' }, { reason: 'x'.repeat(501) }]) {
      expect(await refused(input)).toBe('IMPERSONATION_INPUT_INVALID');
    }
    for (const duration of [0, 1.5, 8 * 3_600_000 + 1]) {
      expect(await refused({ duration })).toBe('IMPERSONATION_INPUT_INVALID');
    }
    expect(await codeOf(() => impersonations.redeem('x'))).toBe('TENANT_CONTEXT_MISSING');
  });

  it('leaves the hash of its token alone, for an hour, and nothing of a dropped tenant', async () => {
    const store = nest.get(ImpersonationStore, { strict: false });
    const tenants = nest.get(TenantService);
    await tenants.create({ slug: 'gone' });
    const rows = async (): Promise<unknown[]> =>
      central.query('SELECT * FROM tenancy_impersonations');
    await store.tidy(Date.now() + 3_600_000 + 60_001);
    expect(await rows()).toEqual([]);
    const { token } = await impersonations.issue(ANN);
    await impersonations.issue({ ...ANN, tenant: 'gone' });
    expect(JSON.stringify(await rows())).not.toContain(token);
    await tenants.delete('gone', { confirm: 'gone', dropDatabase: true });
    await store.tidy(Date.now());
    expect(await rows()).toHaveLength(1);
  });
});

@Module({})
class Root {}
