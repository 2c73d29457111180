import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { randomUUID } from 'node:crypto';
import { CENTRAL, Tenant, TenancyModule, TenantService } from 'nestjs-tenancy';
import type { DataSource } from 'typeorm';
import { databaseOf, slugOf, type AppSettings } from './settings.js';
import { tenancyOptions } from './tenancy.js';

/** Rows that go into one INSERT. */
const BATCH = 1000;

/**
 * Registers `count` tenants whose databases are there already (`createTenantDatabase`), in bulk: through `TenantService`
 * each takes some 30 ms, and creating is not what these benches measure. An app of its own does it, so that the measured
 * one has seen none of them.
 * @param serverOf the name of the server that a tenant is placed on
 */
export async function registerTenants(
  settings: Pick<AppSettings, 'url' | 'maxConnections'>,
  count: number,
  serverOf: (tenant: number) => string = () => 'main',
): Promise<void> {
  const module = TenancyModule.forRoot(tenancyOptions(settings));
  const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
  const tenants = app.get<DataSource>(getDataSourceToken(CENTRAL)).getRepository(Tenant);
  for (let first = 0; first < count; first += BATCH) {
    const length = Math.min(BATCH, count - first);
    await tenants.insert(Array.from({ length }, (_, index) => tenantRow(first + index, serverOf)));
  }
  await recordAsMigrated(app);
  await app.close();
}

/**
 * Their databases were made with what the migrations make, so they are to be served as migrated: each has on record what
 * a tenant has that was created the usual way.
 */
async function recordAsMigrated(app: INestApplicationContext): Promise<void> {
  const tenants = app.get(TenantService);
  const model = await tenants.create({ slug: 'model' });
  await app.get<DataSource>(getDataSourceToken(CENTRAL)).query(
    `INSERT INTO tenancy_schemas (tenant_id, fingerprint, version, applied)
     SELECT tenant.id, model.fingerprint, model.version, model.applied
     FROM tenancy_tenants tenant JOIN tenancy_schemas model ON model.tenant_id = ?
     WHERE tenant.id <> model.tenant_id`,
    [model.id],
  );
  await tenants.delete(model.id, { confirm: model.name, dropDatabase: true });
}

export function tenantRow(index: number, serverOf: (tenant: number) => string = () => 'main') {
  const slug = slugOf(index);
  return {
    id: randomUUID(),
    slug,
    name: `Tenant ${index}`,
    status: 'active',
    placement: { server: serverOf(index), database: databaseOf(slug) },
    databaseOrigin: 'adopted',
    step: 'done',
    settings: {},
    generation: 1,
  } satisfies Partial<Tenant>;
}
