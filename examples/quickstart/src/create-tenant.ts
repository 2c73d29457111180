/** Creates a tenant: `node create-tenant.js acme "Acme Ltd"`. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { TenantService } from 'nestjs-tenancy';
import { AppModule } from './app.module.js';

async function createTenant(slug: string, name?: string): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  try {
    const tenant = await app.get(TenantService).create({ slug, name });
    console.log(`${tenant.name} is served at http://${tenant.slug}.localhost:3000`);
  } finally {
    await app.close();
  }
}

const [slug = '', name] = process.argv.slice(2);
void createTenant(slug, name);
