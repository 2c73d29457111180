import type { INestApplication } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditService, CENTRAL, Tenancy, TenantService } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { until } from '../support/until.js';
import { call, startAdminApp, type Answer } from './admin-app.js';

const [engine] = engines;

interface Entry {
  readonly action: string;
  readonly outcome: string;
  readonly actor: string | null;
  readonly tenantId: string | null;
  readonly address: string | null;
}

describe.each(Object.entries(PLATFORMS))(
  'the audit log over the admin API on %s',
  (_name, adapter) => {
    let setup: EngineSetup;
    let app: INestApplication;
    let id: string;
    beforeAll(async () => {
      setup = await engine!.prepare();
      app = await startAdminApp(setup, {
        adapter: adapter(),
        options: { audit: { keys: [randomBytes(32).toString('base64')] } },
      });
      ({ id } = await app.get(TenantService).create({ slug: 'acme' }));
    });
    afterAll(async () => {
      await app.close();
      await setup.cleanUp();
    });

    const entries = async (query: string): Promise<Entry[]> =>
      (await call(app, `GET audit?${query}`)).body.items;
    const verdictOf = async (begun: Answer, base: string) => {
      expect(begun.status).toBe(202);
      const { pathname } = new URL(
        begun.headers.get('location')!,
        `http://x/admin/tenancy/${base}`,
      );
      let body: any;
      await until('the verdict is there', async () => {
        ({ body } = await call(app, `GET ${pathname}`));
        return body.state !== 'running';
      });
      return body;
    };

    it('holds what operators do to tenants, with who did it from where', async () => {
      await call(app, 'POST tenants/acme/suspend', { token: 'token-of-omar' });
      await call(app, 'POST tenants/acme/activate', { token: 'token-of-eve' });
      await call(app, 'POST tenants/acme/activate', { token: null });
      await call(app, 'POST tenants/acme/suspend');
      const items = await entries(`tenantId=${id}&order=oldest&limit=100`);
      const told = items.map(({ action, outcome, actor }) => `${action} ${outcome} ${actor}`);
      expect(told.slice(2)).toEqual([
        'tenant.suspending begun omar',
        'tenant.suspended success omar',
        'admin.tenant.suspend success omar',
        'tenant.suspending begun anna',
        'admin.tenant.suspend refused anna',
      ]);
      expect(items.at(-1)?.address).toMatch(/127\.0\.0\.1$/);
      await call(app, 'POST tenants/acme/activate');
    });

    it('is read in pages, of a tenant’s chain too', async () => {
      await app.get(Tenancy).run('acme', async () => {
        for (const action of ['invoice.paid', 'invoice.sent', 'mail.sent']) {
          await app.get(AuditService).record({ action, details: { amount: 5 } });
        }
      });
      const first = await call(app, 'GET tenants/acme/audit?action=invoice.*&limit=1');
      expect(first.body.items).toMatchObject([
        { action: 'invoice.sent', chain: id, details: { amount: 5 }, at: expect.any(String) },
      ]);
      const second = await call(
        app,
        `GET tenants/acme/audit?action=invoice.*&limit=1&cursor=${first.body.next}`,
      );
      expect(second.body).toMatchObject({ items: [{ action: 'invoice.paid' }] });
      expect(second.body.next).toBeUndefined();
      const from = new Date(Date.now() + 60_000).toISOString();
      expect((await call(app, `GET tenants/acme/audit?from=${from}`)).body.items).toEqual([]);
      const { body } = await call(app, 'GET tenants?limit=1');
      for (const query of [
        'from=yesterday',
        'outcome=odd',
        'cursor=x',
        'limit=0',
        'chain=central',
      ]) {
        expect((await call(app, `GET audit?${query}`)).status).toBe(400);
      }
      expect(body.items).toHaveLength(1);
    });

    it('is exported as CSV and NDJSON', async () => {
      const csv = await call<string>(app, 'GET tenants/acme/audit/export?format=csv');
      expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
      expect(csv.headers.get('content-disposition')).toContain('attachment');
      expect(csv.body.split('\r\n')).toHaveLength(5);
      const lines = await call<string>(app, 'GET tenants/acme/audit/export?action=mail.sent');
      expect(lines.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
      expect(
        lines.body
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toMatchObject([{ action: 'mail.sent' }]);
      expect((await call(app, 'GET audit/export?format=xml')).status).toBe(400);
      expect((await call(app, 'GET audit/export?action=admin.audit.*')).status).toBe(200);
    });

    it('is verified after the answer, also against where it stood', async () => {
      const right = await verdictOf(
        await call(app, 'POST audit/verification', { body: {} }),
        'audit/verification',
      );
      expect(right).toMatchObject({
        state: 'succeeded',
        result: { chain: 'central', valid: true },
      });
      const base = 'tenants/acme/audit/verification';
      const verify = async (body: object) =>
        verdictOf(await call(app, `POST ${base}`, { body }), base);
      const { result } = await verify({});
      expect(result).toMatchObject({ chain: id, valid: true, entries: 3, head: { seq: 3 } });
      const { seq, hash } = result.head;
      expect((await verify({ seq, hash })).result.valid).toBe(true);
      expect((await verify({ seq, hash: '0'.repeat(64) })).result.valid).toBe(false);
      for (const body of [{ seq: 1 }, { hash }, { seq: 0, hash }, { seq: 1, hash: 'x' }]) {
        expect((await call(app, `POST ${base}`, { body })).status).toBe(400);
      }
      await app
        .get<DataSource>(getDataSourceToken(CENTRAL))
        .query(`UPDATE tenancy_audit_log SET actor = 'eve' WHERE chain = '${id}' AND seq = 2`);
      expect((await verify({})).result).toMatchObject({
        valid: false,
        problem: { kind: 'changed', seq: 2 },
      });
    });
  },
);
