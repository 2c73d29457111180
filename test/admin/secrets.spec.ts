import { Logger, type INestApplication } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { getDataSourceToken } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { CENTRAL, ImpersonationService, Tenancy, TenantService } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { call, startAdminApp } from './admin-app.js';

const [engine] = engines;

describe('what the admin API tells once', () => {
  let setup: EngineSetup;
  let app: INestApplication;
  let id: string;
  const told: { name: string; event: object }[] = [];
  const printed: string[] = [];
  beforeAll(async () => {
    setup = await engine!.prepare();
    app = await startAdminApp(setup, {
      options: { audit: { keys: [randomBytes(32).toString('base64')] } },
      imports: [EventEmitterModule.forRoot()],
    });
    ({ id } = await app.get(TenantService).create({ slug: 'acme' }));
    app
      .get(EventEmitter2)
      .onAny((name, event: object) => void told.push({ name: String(name), event }));
    const keep = (...words: unknown[]) => void printed.push(JSON.stringify(words));
    Logger.overrideLogger({ log: keep, error: keep, warn: keep, debug: keep, verbose: keep });
  });
  afterAll(async () => {
    Logger.overrideLogger(false);
    await app.close();
    await setup.cleanUp();
  });
  beforeEach(() => void told.splice(0));

  const issue = (body: object) => call(app, 'POST tenants/acme/impersonations', { body });

  it('is in no row, event, log or audit entry', async () => {
    const secrets: string[] = [];
    const ids: string[] = [];
    for (const base of ['tenants/acme/api-keys', 'api-keys']) {
      const made = await call(app, `POST ${base}`, { body: { name: 'billing' } });
      const path = `POST ${base}/${made.body.id}/rotate`;
      const rotated = await call(app, path, { body: {} });
      // What fails is what tends to be printed as a whole.
      expect((await call(app, path, { body: {} })).status).toBe(409);
      await call(app, `GET ${base}/${made.body.key}`);
      secrets.push(made.body.key.split('_')[2], rotated.body.key.split('_')[2]);
      ids.push(made.body.id, rotated.body.id);
    }
    const body = { userId: 'user-1', reason: 'ticket 7' };
    const issued = await call(app, 'POST tenants/acme/impersonations', { body });
    secrets.push(issued.body.token);
    ids.push(issued.body.id);
    expect(secrets.every((secret) => secret.length >= 43)).toBe(true);

    const central = app.get<DataSource>(getDataSourceToken(CENTRAL));
    const tables = central.entityMetadatas.map(({ tableName }) => tableName);
    expect(tables).toEqual(
      expect.arrayContaining([
        'tenancy_api_keys',
        'tenancy_audit_log',
        'tenancy_admin_operations',
        'tenancy_impersonations',
      ]),
    );
    const rows = [];
    for (const table of tables) rows.push(await central.query(`SELECT * FROM ${table}`));
    const audit = [
      await call(app, 'GET audit?limit=1000'),
      await call(app, 'GET tenants/acme/audit?limit=1000'),
    ].map((answer) => answer.body);
    const kept = JSON.stringify({ rows, audit, told, printed });
    for (const known of ids) expect(kept).toContain(known);
    for (const secret of secrets) expect(kept).not.toContain(secret);
    expect(await central.query('SELECT * FROM tenancy_admin_operations')).toEqual([]);
  });

  it('is not told for an idempotency key, which would have to give it again', async () => {
    const { body: made } = await call(app, 'POST api-keys', { body: { name: 'central' } });
    const { body: own } = await call(app, 'POST tenants/acme/api-keys', { body: { name: 'own' } });
    const begins = new Date(Date.now() + 3_600_000).toISOString();
    const ends = new Date(Date.now() + 7_200_000).toISOString();
    const window = { from: begins, until: ends, bypass: true };
    const wishes: readonly [route: string, body: object][] = [
      ['POST api-keys', { name: 'another' }],
      ['POST tenants/acme/api-keys', { name: 'another' }],
      [`POST api-keys/${made.id}/rotate`, {}],
      [`POST tenants/acme/api-keys/${own.id}/rotate`, {}],
      ['POST tenants/acme/impersonations', { userId: 'user-1', reason: 'ticket 7' }],
      ['PUT maintenance', { bypass: true }],
      ['PUT tenants/acme/maintenance', { bypass: true }],
      ['POST maintenance/windows', window],
      ['POST tenants/acme/maintenance/windows', window],
    ];
    const central = app.get<DataSource>(getDataSourceToken(CENTRAL));
    const tables = ['tenancy_api_keys', 'tenancy_impersonations', 'tenancy_maintenance'];
    const rows = async () =>
      Promise.all(tables.map((table) => central.query(`SELECT * FROM ${table}`)));
    const before = await rows();
    told.splice(0);
    for (const [route, body] of wishes) {
      const headers = { 'idempotency-key': 'key-1' };
      expect([route, await call(app, route, { body, headers })]).toMatchObject([
        route,
        { status: 400, body: { code: 'IDEMPOTENCY_KEY_REFUSED' } },
      ]);
    }
    expect(await rows()).toEqual(before);
    expect(told.filter(({ name }) => name === 'admin.request')).toHaveLength(wishes.length);
    for (const [route, body] of wishes) {
      expect([route, (await call(app, route, { body })).status]).toEqual([
        route,
        route.startsWith('PUT') ? 200 : 201,
      ]);
    }
    for (const base of ['', 'tenants/acme/']) {
      await call(app, `DELETE ${base}maintenance`);
      const { body } = await call(app, `GET ${base}maintenance`);
      for (const one of body.items) await call(app, `DELETE maintenance/windows/${one.id}`);
    }
  });

  it('is in the audit log as having been made, with who made it', async () => {
    await call(app, 'POST tenants/acme/api-keys', {
      body: { name: 'billing' },
      token: 'token-of-omar',
    });
    const { body: own } = await call(app, 'GET tenants/acme/audit?action=api-key.*&limit=1');
    expect(own.items).toMatchObject([
      { action: 'api-key.created', actor: 'omar', details: { keyName: 'billing' } },
    ]);
    const { body: calls } = await call(app, 'GET audit?action=admin.api-key.*&limit=1');
    expect(calls.items).toMatchObject([
      { action: 'admin.api-key.create-tenant', actor: 'omar', tenantId: id, outcome: 'success' },
    ]);
  });

  it('of an impersonation is redeemed once, for the operator whom the guard found', async () => {
    const issued = await issue({ userId: 'user-1', reason: 'ticket 7', readOnly: true });
    expect(issued).toMatchObject({ status: 201, body: { id: expect.any(String) } });
    expect(issued.headers.get('cache-control')).toBe('no-store');
    expect(Date.parse(issued.body.expiresAt)).toBeGreaterThan(Date.now());
    expect(told).toMatchObject([
      { name: 'impersonation.started', event: { actor: 'anna', reason: 'ticket 7' } },
      { name: 'admin.request', event: { action: 'admin.impersonation.issue', tenant: id } },
    ]);
    const redeem = () =>
      app.get(Tenancy).run('acme', () => app.get(ImpersonationService).redeem(issued.body.token));
    expect(await redeem()).toMatchObject({
      tenantId: id,
      userId: 'user-1',
      actor: 'anna',
      reason: 'ticket 7',
      readOnly: true,
    });
    await expect(redeem()).rejects.toMatchObject({ code: 'IMPERSONATION_REFUSED' });
  });

  it('of an impersonation is for nobody without a user, a reason, or another as its operator', async () => {
    const right = { userId: 'user-1', reason: 'ticket 7' };
    const odd = [
      {},
      { userId: 'user-1' },
      { reason: 'ticket 7' },
      { ...right, userId: ' ' },
      { ...right, reason: 'x'.repeat(501) },
      { ...right, readOnly: 'yes' },
      { ...right, duration: 0 },
      { ...right, duration: 9 * 3_600_000 },
      { ...right, actor: 'omar' },
    ];
    for (const body of odd) expect(await issue(body)).toMatchObject({ status: 400 });
    expect(told.filter(({ name }) => name.startsWith('impersonation.'))).toEqual([]);
  });

  it('of an impersonation is for nobody where the operator is not known', async () => {
    const unknowing = await startAdminApp(setup, { admin: { actor: () => undefined } });
    try {
      const body = { userId: 'user-1', reason: 'ticket 7' };
      expect(await call(unknowing, 'POST tenants/acme/impersonations', { body })).toMatchObject({
        status: 500,
        body: { code: 'ADMIN_ACTOR_UNKNOWN' },
      });
    } finally {
      await unknowing.close();
    }
  });
});
