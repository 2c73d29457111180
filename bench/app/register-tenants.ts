import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { randomUUID } from 'node:crypto';
import { CENTRAL, Tenant, TenancyModule } from 'nestjs-tenancy';
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
  await app.close();
}

function tenantRow(index: number, serverOf: (tenant: number) => string) {
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
