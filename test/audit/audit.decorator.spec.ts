import {
  Body,
  ConsoleLogger,
  Controller,
  ForbiddenException,
  Get,
  Module,
  Param,
  Post,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { EMPTY } from 'rxjs';
import type { DataSource } from 'typeorm';
import {
  Audit,
  AuditService,
  bySubdomain,
  CENTRAL,
  CentralRoute,
  ImpersonationGuard,
  ImpersonationService,
  Tenancy,
  TenancyModule,
  TenantService,
  type AuditEntry,
  type AuditOptions,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';
import { KEYS } from './audit-app.js';

const SECRET = 'planted-7f3a9c';

/** As an app's own guard does: says who it is. */
class Login implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    request.user = { id: request.headers['x-user'] };
    const kept = request.headers['x-impersonation'];
    if (kept !== undefined) request.session = { impersonation: JSON.parse(kept) };
    return true;
  }
}

@Controller('invoices')
@UseGuards(Login, ImpersonationGuard)
class Invoices {
  constructor(
    private readonly audit: AuditService,
    private readonly tenancy: Tenancy,
  ) {}

  @Post(':id/pay')
  @Audit('invoice.paid', {
    body: true,
    query: true,
    headers: ['Authorization', 'User-Agent'],
    details: (_context, result) => ({ result }),
  })
  pay(@Param('id') id: string, @Body() body: { readonly how?: string }) {
    if (body.how === 'never') throw new ForbiddenException(`not with ${SECRET}`);
    if (body.how === 'broken') throw new Error(SECRET);
    return { id, paid: true };
  }

  @Post(':id/cancel')
  @Audit('invoice.cancelled', {
    details: (_context, result) => (result as { id: string }).id.at(0),
  })
  cancel(@Param('id') id: string, @Body() body: { readonly how?: string }) {
    if (body.how === 'never') throw new ForbiddenException();
    return body.how === 'oddly' ? null : { id };
  }

  @Get('nothing')
  @Audit('invoice.nothing')
  nothing() {
    return EMPTY;
  }

  @Get('inside')
  async inside() {
    await this.audit.record({ action: 'invoice.inside' });
    await this.audit.record({ action: 'invoice.named', actor: 'ben', details: ['a list'] });
    await this.tenancy.runCentral('look at the plans', () => undefined);
  }

  @Get('central')
  @CentralRoute()
  @Audit('invoice.central')
  central() {
    return 'central';
  }
}

const logged: string[] = [];

class Listening extends ConsoleLogger {
  override error(...line: unknown[]): void {
    logged.push(line.join(' '));
  }
}

@Module({ controllers: [Invoices] })
class Root {}

const [engine] = engines;

describe.each(Object.entries(PLATFORMS))('@Audit() on %s', (_, adapter) => {
  let setup: EngineSetup;
  let app: INestApplication;

  async function start(audit: AuditOptions): Promise<INestApplication> {
    const tenancy = TenancyModule.forRoot(
      optionsOn(setup, { identify: [bySubdomain({ of: 'localhost' })], audit }),
    );
    const started = await NestFactory.create({ module: Root, imports: [tenancy] }, adapter(), {
      logger: new Listening({ logLevels: ['error'] }),
      abortOnError: false,
    });
    await started.listen(0, '127.0.0.1');
    return started;
  }

  beforeAll(async () => {
    setup = await engine!.prepare();
    app = await start({ keys: [KEYS[0]!] });
    await app.get(TenantService).create({ slug: 'acme' });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  async function* one(text: string) {
    yield text;
  }

  async function call(path: string, body?: object, more: Record<string, string> = {}) {
    return ask(app, path, {
      host: 'acme.localhost',
      headers: {
        'x-user': 'ann',
        'x-request-id': 'r-1',
        authorization: `Bearer ${SECRET}`,
        'user-agent': 'test',
        'content-type': 'application/json',
        ...more,
      },
      ...(body !== undefined && { chunks: one(JSON.stringify(body)) }),
    });
  }

  async function last(chain?: 'central'): Promise<AuditEntry | undefined> {
    const newest = () => app.get(AuditService).query({ limit: 1 });
    const tenancy = app.get(Tenancy);
    const { entries } = await (chain === undefined
      ? tenancy.run('acme', newest)
      : tenancy.runCentral('test', newest));
    return entries[0];
  }

  it('records what was done, by whom and from where', async () => {
    const body = { how: 'card', cardNumber: SECRET };
    const answer = await call(`/invoices/7/pay?token=${SECRET}&a=1`, body);
    expect(answer.body).toEqual({ id: '7', paid: true });
    expect(await last()).toMatchObject({
      action: 'invoice.paid',
      outcome: 'success',
      actor: 'ann',
      requestId: 'r-1',
      address: expect.stringContaining('127.0.0.1'),
      details: {
        route: 'Invoices.pay',
        params: { id: '7' },
        query: { token: '[redacted]', a: '1' },
        body: { how: 'card', cardNumber: '[redacted]' },
        headers: { Authorization: '[redacted]', 'User-Agent': 'test' },
        more: { result: { id: '7', paid: true } },
      },
    });
  });

  it('records a refusal and a failure, without what they say', async () => {
    expect((await call('/invoices/7/pay', { how: 'never' })).status).toBe(403);
    const refused = await last();
    expect(refused).toMatchObject({
      outcome: 'refused',
      details: { error: { name: 'ForbiddenException', status: 403 } },
    });
    expect((await call('/invoices/7/pay', { how: 'broken' })).status).toBe(500);
    const failed = await last();
    expect(failed).toMatchObject({ outcome: 'failed', details: { error: { name: 'Error' } } });
    expect(JSON.stringify([refused, failed])).not.toContain(SECRET);
  });

  it('records who has however long a name', async () => {
    const user = 'u'.repeat(300);
    expect((await call('/invoices/7/pay', { how: 'card' }, { 'x-user': user })).status).toBe(201);
    expect(await last()).toMatchObject({ actor: `${'u'.repeat(190)}…` });
  });

  it('records a handler that gives nothing, once', async () => {
    const before = (await last())?.seq ?? 0;
    await call('/invoices/nothing');
    expect(await last()).toMatchObject({ seq: before + 1, action: 'invoice.nothing' });
  });

  it('records a call whose details cannot be told, and answers it as it is', async () => {
    expect((await call('/invoices/7/cancel', { how: 'now' })).status).toBe(201);
    expect(await last()).toMatchObject({ outcome: 'success', details: { more: '7' } });
    logged.length = 0;
    expect((await call('/invoices/7/cancel', { how: 'oddly' })).status).toBe(201);
    expect(await last()).toMatchObject({ outcome: 'success', details: { more: '[failed]' } });
    expect((await call('/invoices/7/cancel', { how: 'never' })).status).toBe(403);
    expect(await last()).toMatchObject({
      outcome: 'refused',
      details: { more: '[failed]', error: { status: 403 } },
    });
    const lines = logged.filter((line) => line.includes('invoice.cancelled'));
    expect(lines).toEqual(Array(2).fill(expect.stringContaining('TypeError')));
  });

  it('records a central route in the central chain', async () => {
    await ask(app, '/invoices/central', { host: 'localhost', headers: { 'x-user': 'ben' } });
    expect(await last('central')).toMatchObject({
      chain: 'central',
      action: 'invoice.central',
      actor: 'ben',
      tenantId: null,
    });
  });

  it('what a handler records, and where it leaves its tenant, is of the same request', async () => {
    await call('/invoices/inside');
    const { entries } = await app
      .get(Tenancy)
      .run('acme', () => app.get(AuditService).query({ limit: 3 }));
    const request = {
      actor: 'ann',
      requestId: 'r-1',
      address: expect.stringContaining('127.0.0.1'),
    };
    expect(entries).toMatchObject([
      { action: 'central.entered', details: { reason: 'look at the plans' }, ...request },
      { action: 'invoice.named', ...request, actor: 'ben', details: ['a list'] },
      { action: 'invoice.inside', ...request },
    ]);
  });

  it('names the operator who acts in the place of the user', async () => {
    const impersonations = app.get(ImpersonationService);
    const actor = 'operator@example.com';
    const { id, token } = await impersonations.issue({ tenant: 'acme', userId: 'ann', actor });
    const kept = await app.get(Tenancy).run('acme', () => impersonations.redeem(token));
    const asOperator = { 'x-impersonation': JSON.stringify(kept) };
    const impersonation = { id, actor, userId: 'ann' };

    await call('/invoices/7/pay', { how: 'card' }, asOperator);
    expect(await last()).toMatchObject({
      action: 'invoice.paid',
      actor,
      details: { impersonation, route: 'Invoices.pay' },
    });
    await call('/invoices/inside', undefined, asOperator);
    const { entries } = await app
      .get(Tenancy)
      .run('acme', () => app.get(AuditService).query({ limit: 3 }));
    expect(entries).toMatchObject([
      { action: 'central.entered', actor, details: { impersonation } },
      { action: 'invoice.named', actor: 'ben', details: { impersonation, details: ['a list'] } },
      { action: 'invoice.inside', actor, details: { impersonation } },
    ]);
  });

  it('answers 503 when it cannot be recorded', async () => {
    const dataSource = app.get<DataSource>(getDataSourceToken(CENTRAL));
    await dataSource.query('ALTER TABLE tenancy_audit_log RENAME TO elsewhere');
    const answer = await call('/invoices/7/pay', { how: 'card' });
    logged.length = 0;
    const failure = await call('/invoices/7/pay', { how: 'broken' });
    await dataSource.query('ALTER TABLE elsewhere RENAME TO tenancy_audit_log');
    expect(answer).toMatchObject({ status: 503, body: { code: 'AUDIT_UNWRITTEN' } });
    expect(failure).toMatchObject({ status: 503, body: { code: 'AUDIT_UNWRITTEN' } });
    // What the handler failed with is not lost by that.
    expect(logged.filter((line) => line.includes(SECRET))).toHaveLength(1);
    expect((await call('/invoices/7/pay', { how: 'card' })).status).toBe(201);
    const verify = () => app.get(AuditService).verify();
    expect(await app.get(Tenancy).run('acme', verify)).toMatchObject({ valid: true });
  });

  it('an app without a key does not start', async () => {
    await expect(start({})).rejects.toMatchObject({ code: 'AUDIT_KEY_MISSING' });
  });
});
