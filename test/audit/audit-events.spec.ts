import {
  ALL_TENANTS,
  ImpersonationService,
  MaintenanceService,
  QuotaService,
} from '../../lib/index.js';
import { TenancyEvents } from '../../lib/tenant/tenancy-events.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { startAuditApp, type AuditApp } from './audit-app.js';

describe.each(engines)('the audit log on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: AuditApp;

  beforeAll(async () => {
    setup = await prepare();
    app = await startAuditApp(
      setup,
      {},
      { options: { quota: { catalogue: { users: { limit: 2 } }, store: 'memory' } } },
    );
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  async function steps(tenantId: string): Promise<readonly string[]> {
    const query = () => app.audit.query({ tenantId, order: 'oldest', limit: 1_000 });
    const { entries } = await app.tenancy.runCentral('test', query);
    return entries.map(({ action, outcome }) => `${action} ${outcome}`);
  }

  it('tells of each step of a tenant’s life, before and after, once it is answered', async () => {
    const { id } = await app.tenants.create({ slug: 'acme' });
    expect(await steps(id)).toEqual(['tenant.creating begun', 'tenant.created success']);
    await app.tenants.suspend('acme');
    await app.tenants.activate('acme');
    await app.tenants.addDomain('acme', 'acme.example');
    expect((await steps(id)).slice(2)).toEqual([
      'tenant.suspending begun',
      'tenant.suspended success',
      'tenant.activating begun',
      'tenant.activated success',
      'domain.adding begun',
      'domain.added success',
    ]);
    const { entries } = await app.tenancy.runCentral('test', () => app.audit.query({ limit: 1 }));
    expect(entries[0]?.details).toEqual({ slug: 'acme', host: 'acme.example' });
  });

  it('what is refused once it was begun is not told to be done', async () => {
    const { id } = await app.tenants.create({ slug: 'active' });
    await expect(app.tenants.activate('active')).rejects.toMatchObject({
      code: 'TENANT_TRANSITION_REFUSED',
    });
    expect((await steps(id)).at(-1)).toBe('tenant.activating begun');
  });

  it('does not begin what it cannot record', async () => {
    await app.tenants.create({ slug: 'kept' });
    await app.central.query('ALTER TABLE tenancy_audit_log RENAME TO elsewhere');
    await expect(app.tenants.suspend('kept')).rejects.toMatchObject({ code: 'AUDIT_UNWRITTEN' });
    await app.central.query('ALTER TABLE elsewhere RENAME TO tenancy_audit_log');
    expect(await app.tenants.get('kept')).toMatchObject({ status: 'active' });
  });

  it('tells of an operator with however long a name', async () => {
    const { id } = await app.tenants.create({ slug: 'visited' });
    const impersonations = app.context.get(ImpersonationService);
    const actor = 'o'.repeat(255);
    await impersonations.issue({ tenant: 'visited', userId: 'ann', actor });
    const query = () => app.audit.query({ tenantId: id, action: 'impersonation.*' });
    const { entries } = await app.tenancy.runCentral('test', query);
    expect(entries).toMatchObject([
      { action: 'impersonation.started', actor: `${'o'.repeat(190)}…`, details: { userId: 'ann' } },
    ]);
  });

  it('tells of the way out of a tenant, unless it is told not to', async () => {
    const { id } = await app.tenants.create({ slug: 'leaving' });
    const leave = (one: AuditApp) =>
      one.tenancy.run('leaving', () => one.tenancy.runCentral('read the plans', () => 1));
    const entered = async () => {
      const query = () => app.audit.query({ action: 'central.entered' }, id);
      return (await app.tenancy.runCentral('test', query)).entries;
    };
    expect(await leave(app)).toBe(1);
    expect(await entered()).toMatchObject([
      { tenantId: id, details: { reason: 'read the plans' } },
    ]);
    const silent = await startAuditApp(setup, { crossings: false });
    await leave(silent);
    expect(await entered()).toHaveLength(1);
    await silent.close();
  });

  const all = async (chain: string) => {
    const query = () => app.audit.query({ order: 'oldest', limit: 1_000 }, chain);
    return (await app.tenancy.runCentral('test', query)).entries;
  };

  it('tells that a quota was exceeded, in the tenant’s chain, before it is answered', async () => {
    const { id } = await app.tenants.create({ slug: 'many' });
    const quotas = app.context.get(QuotaService);
    const use = (cost: number) => app.tenancy.run('many', () => quotas.consume('users', cost));
    await use(2);
    expect(await all(id)).toEqual([]);
    await expect(use(1)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await all(id)).toMatchObject([
      {
        action: 'quota.exceeded',
        outcome: 'refused',
        tenantId: id,
        details: { slug: 'many', key: 'users', used: 2, limit: 2 },
      },
    ]);
  });

  it('what cannot be recorded afterwards is answered as it is', async () => {
    await app.tenants.create({ slug: 'unheard' });
    await app.central.query('ALTER TABLE tenancy_audit_log RENAME TO elsewhere');
    const quotas = app.context.get(QuotaService);
    const use = () => app.tenancy.run('unheard', () => quotas.consume('users', 3));
    const code = await codeOf(use);
    await app.central.query('ALTER TABLE elsewhere RENAME TO tenancy_audit_log');
    expect(code).toBe('QUOTA_EXCEEDED');
  });

  it('records what any part tells of, by how it says that it ended', async () => {
    const { id } = await app.tenants.create({ slug: 'told' });
    const events = app.context.get(TenancyEvents);
    const ids = { tenantId: id, slug: 'told' };
    await events.told('api-key.created', { ...ids, keyId: 'k', scopes: ['read'] });
    await events.told('api-key.revoked', { tenantId: null, slug: null, keyId: 'c' });
    await events.told('maintenance.enabled', { ...ids, from: new Date(0) });
    await events.told('impersonation.started', { ...ids, actor: 'ann' });
    await events.told('impersonation.refused', { ...ids, token: 'sesame' });
    await events.told('admin.request', {
      action: 'admin.tenant.create',
      actor: 'ben',
      tenant: id,
      outcome: 'failed',
    });
    await events.told('quota.warning', ids);
    await events.told('schedule.overlap', ids);
    expect(await all(id)).toMatchObject([
      { action: 'api-key.created', outcome: 'success', details: { keyId: 'k', scopes: ['read'] } },
    ]);
    const central = (await all('central')).slice(-5);
    expect(central).toMatchObject([
      { action: 'api-key.revoked', tenantId: null },
      { action: 'maintenance.enabled', outcome: 'success', tenantId: id },
      { action: 'impersonation.started', outcome: 'success', tenantId: id, actor: 'ann' },
      { action: 'impersonation.refused', outcome: 'refused', details: { token: '[redacted]' } },
      { action: 'admin.tenant.create', outcome: 'failed', tenantId: id, actor: 'ben' },
    ]);
  });

  it('tells of maintenances in the central chain, before it is answered', async () => {
    const { id } = await app.tenants.create({ slug: 'closed' });
    const maintenance = app.context.get(MaintenanceService);
    await maintenance.enable('closed');
    const last = async () => (await all('central')).at(-1);
    expect(await last()).toMatchObject({ action: 'maintenance.enabled', tenantId: id });
    await maintenance.disable('closed');
    expect(await last()).toMatchObject({ action: 'maintenance.disabled', tenantId: id });
    await maintenance.schedule(ALL_TENANTS, {
      from: new Date(Date.now() + 3_600_000),
      until: new Date(Date.now() + 7_200_000),
    });
    expect(await last()).toMatchObject({ action: 'maintenance.scheduled', tenantId: null });
  });

  it('what was told without waiting is recorded before the app ends', async () => {
    const { id } = await app.tenants.create({ slug: 'ending' });
    const other = await startAuditApp(setup);
    for (let number = 1; number <= 20; number += 1) {
      other.context.get(TenancyEvents).tell('api-key.created', { tenantId: id, number });
    }
    await other.close();
    expect(await all(id)).toHaveLength(20);
  });
});
