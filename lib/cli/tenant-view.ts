import type { Tenant } from '../tenant/tenant.entity.js';
import { table } from './output.js';

/** A tenant as programs get it. Nothing in it is secret. */
export function tenantData(tenant: Tenant) {
  const { id, slug, name, status, placement, databaseOrigin, step, failure, settings } = tenant;
  return {
    id,
    slug,
    name,
    status,
    server: placement.server,
    database: placement.database,
    databaseOrigin,
    step,
    failure,
    domains: tenant.domains.map(({ host, primaryOf }) => ({ host, primary: primaryOf !== null })),
    settings,
    createdAt: tenant.createdAt,
    updatedAt: tenant.updatedAt,
    deletedAt: tenant.deletedAt,
  };
}

/** All of a tenant, for people. */
export function tenantLines(tenant: Tenant): string[] {
  const { failure, ...data } = tenantData(tenant);
  const domains = data.domains.map(({ host, primary }) => (primary ? `${host} (primary)` : host));
  const pairs: [string, string][] = [
    ['slug', data.slug],
    ['name', data.name],
    ['id', data.id],
    ['status', data.status],
    ['server', data.server],
    ['database', `${data.database} (${data.databaseOrigin})`],
    ['domains', domains.join(', ') || 'none'],
    ['settings', JSON.stringify(data.settings)],
    ['created', data.createdAt.toISOString()],
    ...(data.deletedAt ? [['deleted', data.deletedAt.toISOString()] as [string, string]] : []),
    ...(data.step === 'done' ? [] : [['step', data.step] as [string, string]]),
    ...(failure === null ? [] : [['failure', failure] as [string, string]]),
  ];
  return pairs.map(([key, value]) => `${key.padEnd(10)}${value}`);
}

/** Tenants, a line each. */
export function tenantTable(tenants: readonly Tenant[]): string[] {
  return table(
    ['SLUG', 'NAME', 'STATUS', 'SERVER', 'DATABASE', 'DOMAIN'],
    tenants.map(({ slug, name, status, placement, domains }) => [
      slug,
      name,
      status,
      placement.server,
      placement.database,
      domains.find(({ primaryOf }) => primaryOf !== null)?.host ?? '',
    ]),
  );
}
