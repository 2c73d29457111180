import { text } from 'node:stream/consumers';
import {
  AuditRow,
  auditReportHtml,
  TenantSwitchRefusedError,
  type AuditReport,
  type AuditReportQuery,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startAuditApp, type AuditApp } from './audit-app.js';

const ALL = { from: new Date(0), to: new Date('2100-01-01') };

describe.each(engines)('the compliance report on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: AuditApp;
  let acme: string;
  let other: string;

  beforeAll(async () => {
    setup = await prepare();
    app = await startAuditApp(setup);
    acme = (await app.tenants.create({ slug: 'acme' })).id;
    other = (await app.tenants.create({ slug: 'other' })).id;
    await app.tenancy.run('acme', async () => {
      for (const actor of ['ann', 'ann', 'ben']) {
        await app.audit.record({ action: 'invoice.paid', actor });
      }
      await app.audit.record({ action: 'invoice.paid', actor: 'ann', outcome: 'refused' });
    });
    await app.tenancy.run('other', () =>
      app.audit.record({ action: 'a.b', actor: `<script>alert("x")</script>&'` }),
    );
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const report = (query: Partial<AuditReportQuery> = {}): Promise<AuditReport> =>
    app.tenancy.runCentral('test', () => app.audit.report({ ...ALL, ...query }));

  it('says who did what to which tenant, and that the chains are right', async () => {
    const { lines, chains, truncated } = await report({ tenantId: acme });
    const about = { tenantId: acme, slug: 'acme' };
    expect(lines).toMatchObject([
      { ...about, chain: 'central', actor: null, action: 'tenant.created', entries: 1 },
      { ...about, chain: 'central', actor: null, action: 'tenant.creating', outcome: 'begun' },
      { ...about, chain: acme, actor: 'ann', action: 'invoice.paid', outcome: 'refused' },
      { ...about, chain: acme, actor: 'ann', outcome: 'success', entries: 2 },
      { ...about, chain: acme, actor: 'ben', entries: 1 },
    ]);
    expect(lines[3]!.first.getTime()).toBeLessThanOrEqual(lines[3]!.last.getTime());
    expect(Date.now() - lines[3]!.last.getTime()).toBeLessThan(60_000);
    expect(truncated).toBe(false);
    expect(chains).toMatchObject([
      { chain: 'central', slug: null, valid: true },
      { chain: acme, slug: 'acme', valid: true, entries: 4, archives: [] },
    ]);
  });

  it('is about all tenants, or the time that is asked for', async () => {
    const { lines, chains } = await report();
    expect(new Set(lines.map(({ slug }) => slug))).toEqual(new Set(['acme', 'other']));
    expect(chains.map(({ chain }) => chain).toSorted()).toEqual(
      [acme, other, 'central'].toSorted(),
    );
    expect((await report({ to: new Date(1_000) })).lines).toEqual([]);
    await expect(report({ to: new Date(Number.NaN) })).rejects.toMatchObject({
      code: 'AUDIT_QUERY_INVALID',
    });
  });

  it('inside of a tenant is about that tenant’s chain only', async () => {
    const inAcme = (tenantId?: string) =>
      app.tenancy.run('acme', () =>
        app.audit.report({ ...ALL, ...(tenantId !== undefined && { tenantId }) }),
      );
    const { lines, chains } = await inAcme();
    expect(new Set(lines.map(({ chain }) => chain))).toEqual(new Set([acme]));
    expect(chains).toHaveLength(1);
    await expect(inAcme(other)).rejects.toThrow(TenantSwitchRefusedError);
  });

  it('as a page holds what was recorded as text', async () => {
    const html = auditReportHtml(await report());
    expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;');
    expect(html).not.toContain('<script');
    expect(html).toContain('3 verified, 0 of them broken');
  });

  it('names archives, and a chain that somebody has changed', async () => {
    const id = await app.tenants.create({ slug: 'kept' }).then((tenant) => tenant.id);
    await app.tenancy.run('kept', async () => {
      await app.audit.record({ action: 'a.b' });
      const to = async (_name: string, content: AsyncIterable<Buffer>) => {
        for await (const chunk of content) expect(chunk.length).toBeGreaterThan(0);
      };
      await app.audit.archive({ before: new Date(Date.now() + 1_000), to });
    });
    const kept = (await report({ tenantId: id })).chains[1];
    expect(kept).toMatchObject({
      valid: true,
      archived: { seq: 1 },
      archives: [{ name: expect.stringContaining(id), from: 1, to: 1 }],
    });
    await app.central.getRepository(AuditRow).update({ chain: id, seq: 2 }, { at: 9e15 });
    const changed = await report({ tenantId: id });
    expect(changed.chains[1]).toMatchObject({ valid: false, problem: { seq: 2 } });
    const html = auditReportHtml(changed);
    expect(html).toContain('broken at entry 2 (changed)');
    expect(html).toContain('no time');
    const csv = await app.tenancy.run('kept', () => app.audit.export('csv'));
    expect(await text(csv)).toContain('no time');
  });
});
