import { text } from 'node:stream/consumers';
import {
  AuditKeyMissingError,
  AuditRow,
  AuditService,
  CENTRAL_CHAIN,
  TenantContextMissingError,
  TenantSwitchRefusedError,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp } from '../support/tenancy-app.js';
import { startAuditApp, type AuditApp } from './audit-app.js';

const SECRET = 'planted-7f3a9c';

describe.each(engines)('AuditService on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: AuditApp;

  beforeAll(async () => {
    setup = await prepare();
    app = await startAuditApp(setup, { redact: ['Steuer-Nr'] });
    for (const slug of ['acme', 'other', 'pages', 'secrets', 'files']) {
      await app.tenants.create({ slug });
    }
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const inTenant = <T>(slug: string, work: () => Promise<T>) => app.tenancy.run(slug, work);

  it('keeps what it was told, in the chain of the tenant', async () => {
    const { id } = await app.tenants.get('acme');
    const details = { invoice: 7, note: 'größer als 日本 🎉  ', at: new Date(0), none: null };
    await inTenant('acme', () =>
      app.audit.record({ action: 'invoice.paid', actor: 'ann 🎉', details }),
    );
    const { entries } = await inTenant('acme', () => app.audit.query());
    expect(entries).toEqual([
      expect.objectContaining({
        chain: id,
        seq: 1,
        action: 'invoice.paid',
        outcome: 'success',
        actor: 'ann 🎉',
        tenantId: id,
        requestId: null,
        address: null,
        details: { ...details, at: '1970-01-01T00:00:00.000Z' },
      }),
    ]);
    expect(Date.now() - entries[0]!.at.getTime()).toBeLessThan(60_000);
    expect(await inTenant('acme', () => app.audit.verify())).toMatchObject({ valid: true });
    expect(await inTenant('other', () => app.audit.query())).toEqual({ entries: [] });
  });

  it('reads another tenant’s chain from the central side only', async () => {
    const { id } = await app.tenants.get('acme');
    const central = await app.tenancy.runCentral('test', () => app.audit.query({}, id));
    expect(central.entries).not.toEqual([]);
    const questions: (() => Promise<unknown>)[] = [
      () => app.audit.query({}, id),
      () => app.audit.query({}, CENTRAL_CHAIN),
      () => app.audit.verify(id),
      () => app.audit.export('csv', {}, id),
    ];
    for (const asked of questions) {
      await expect(inTenant('other', asked)).rejects.toThrow(TenantSwitchRefusedError);
    }
  });

  it('records nothing where nobody said for whom', async () => {
    await expect(app.audit.record({ action: 'a' })).rejects.toThrow(TenantContextMissingError);
  });

  it('records nothing without a key', async () => {
    const { context, tenancy, close } = await startTenancyApp(setup);
    const audit = context.get(AuditService);
    await expect(tenancy.runCentral('test', () => audit.record({ action: 'a' }))).rejects.toThrow(
      AuditKeyMissingError,
    );
    await close();
  });

  it('refuses what is no entry', async () => {
    await inTenant('acme', async () => {
      for (const event of [
        { action: '' },
        { action: 'a'.repeat(101) },
        { action: 'with space' },
        { action: 'a', outcome: 'perhaps' as 'success' },
        { action: 'a', actor: 'a'.repeat(192) },
      ]) {
        await expect(app.audit.record(event)).rejects.toMatchObject({
          code: 'AUDIT_ENTRY_INVALID',
        });
      }
    });
  });

  it('finds entries by what they hold, page by page', async () => {
    await inTenant('pages', async () => {
      for (let number = 1; number <= 7; number += 1) {
        await app.audit.record({
          action: number % 2 === 0 ? 'invoice.paid' : 'invoices_paid',
          outcome: number === 3 ? 'refused' : 'success',
          actor: number < 3 ? 'ann' : 'ben',
        });
      }
      const seqs = async (query: Parameters<typeof app.audit.query>[0]) =>
        (await app.audit.query(query)).entries.map(({ seq }) => seq);
      expect(await seqs({ action: 'invoice.*' })).toEqual([6, 4, 2]);
      expect(await seqs({ action: 'invoices_*', order: 'oldest' })).toEqual([1, 3, 5, 7]);
      expect(await seqs({ action: 'invoice_*' })).toEqual([]);
      expect(await seqs({ outcome: 'refused' })).toEqual([3]);
      expect(await seqs({ actor: 'ann' })).toEqual([2, 1]);
      expect(await seqs({ to: new Date(Date.now() - 60_000) })).toEqual([]);
      expect(await seqs({ from: new Date(Date.now() - 60_000) })).toHaveLength(7);

      const found: number[] = [];
      let after: string | undefined;
      do {
        const page = await app.audit.query({ limit: 3, ...(after !== undefined && { after }) });
        found.push(...page.entries.map(({ seq }) => seq));
        after = page.next;
        // What is recorded meanwhile moves no page.
        await app.audit.record({ action: 'meanwhile' });
      } while (after !== undefined);
      expect(found).toEqual([7, 6, 5, 4, 3, 2, 1]);
      for (const query of [
        { limit: 0 },
        { limit: 1_001 },
        { after: "1' OR 1" },
        { outcome: 'x' as 'success' },
        { from: new Date(NaN) },
      ]) {
        await expect(app.audit.query(query)).rejects.toMatchObject({
          code: 'AUDIT_QUERY_INVALID',
        });
      }
    });
  });

  it('keeps no secret that is named as one', async () => {
    const jwt = `eyJhbGciOiJIUzI1NiJ9.${SECRET}.abc`;
    const circular: Record<string, unknown> = { plain: 'seen' };
    circular['self'] = circular;
    const planted: unknown[] = [
      { password: SECRET, newPassword: SECRET, password_confirmation: SECRET, PWD: SECRET },
      { user: { credentials: [{ key: SECRET }], profile: { pin: SECRET } } },
      {
        headers: { Authorization: `Bearer ${SECRET}`, Cookie: `a=${SECRET}`, 'X-Api-Key': SECRET },
      },
      { headers: { 'set-cookie': [`a=${SECRET}`], 'x-auth-token': SECRET } },
      { fields: [{ name: 'password', value: SECRET }] },
      { body: `{"client_secret":"${SECRET}","a":1}` },
      { body: `user=ann&password=${SECRET}&b=2` },
      { log: `password: ${SECRET}` },
      { url: `mysql://root:${SECRET}@db/x`, line: `curl -H "Authorization: Bearer ${SECRET}"` },
      { text: `it said ${jwt}` },
      { before: { steuer_nr: SECRET }, after: { steuerNr: SECRET } },
      new Map([['accessToken', SECRET]]),
      new Set([{ otp: SECRET }]),
      Buffer.from(SECRET),
      circular,
    ];
    await inTenant('secrets', async () => {
      for (const details of planted) await app.audit.record({ action: 'planted', details });
      await app.audit.record({ action: 'planted', details: { long: 'x'.repeat(100_000) } });
      await app.audit.record({ action: 'planted', details: Array(10_000).fill('y'.repeat(1_000)) });
    });
    const { id } = await app.tenants.get('secrets');
    const rows = await app.central.getRepository(AuditRow).findBy({ chain: id });
    expect(rows).toHaveLength(planted.length + 2);
    for (const row of rows) {
      expect(row.details).not.toContain(SECRET);
      expect(row.details).not.toContain(Buffer.from(SECRET).toString('base64'));
      expect(row.details!.length).toBeLessThan(33_000);
    }
    const all = rows.map(({ details }) => details).join();
    expect(all).toContain('[redacted]');
    expect(all).toContain('"plain":"seen"');
    expect(all).toContain('user=ann&password=[redacted]&b=2');
  });

  it('exports as CSV and NDJSON, by a filter', async () => {
    await inTenant('files', async () => {
      await app.audit.record({ action: 'a.one', actor: '=HYPERLINK("x")', details: 'a,"b"\nc' });
      await app.audit.record({ action: 'a.two' });
      const csv = await text(await app.audit.export('csv', { action: 'a.one' }));
      const lines = csv.split('\r\n');
      expect(lines[0]).toMatch(/^chain,seq,id,at,action,/);
      expect(lines[1]).toContain(`,a.one,success,"'=HYPERLINK(""x"")",`);
      expect(lines).toHaveLength(3);
      const ndjson = await text(await app.audit.export('ndjson'));
      const entries = ndjson
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(entries.map(({ seq, action }) => [seq, action])).toEqual([
        [1, 'a.one'],
        [2, 'a.two'],
      ]);
      await expect(app.audit.export('xml' as 'csv')).rejects.toMatchObject({
        code: 'AUDIT_QUERY_INVALID',
      });
    });
  });

  it('exports more than a page, read outside of the context', async () => {
    await inTenant('other', () =>
      Promise.all(Array.from({ length: 2_300 }, () => app.audit.record({ action: 'many' }))),
    );
    const stream = await inTenant('other', () => app.audit.export('ndjson'));
    const lines = (await text(stream)).trimEnd().split('\n');
    expect(lines).toHaveLength(2_300);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ seq: 2_300 });
  }, 60_000);
});
