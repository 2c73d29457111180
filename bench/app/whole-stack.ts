import { Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { ApiKey, ApiKeyService, Quota, Tenancy, TenancyModule } from 'nestjs-tenancy';
import { Project } from './project.entity.js';
import { ProjectsController } from './projects.controller.js';
import { services } from './services.js';
import { slugOf, type AppSettings } from './settings.js';
import { tenancyOptions } from './tenancy.js';

@ApiKey()
@Quota('api_calls_per_day')
class GuardedProjectsController extends ProjectsController {}

/**
 * This package with what a SaaS adds to it: each request shows an API key, is held against the maintenance, and uses a
 * quota that is counted in Redis for all processes; the audit log is on. Reading a row is nothing that it records.
 */
@Module({})
export class WholeStackModule {
  static with(settings: AppSettings): DynamicModule {
    return {
      module: WholeStackModule,
      imports: [
        TenancyModule.forRoot({
          ...tenancyOptions(settings),
          redis: { url: settings.redis },
          quota: { store: 'redis', catalogue: { api_calls_per_day: { limit: 1_000_000_000 } } },
          audit: { keys: [randomBytes(32).toString('base64')] },
        }),
        TypeOrmModule.forFeature([Project]),
      ],
      providers: services(settings.services),
      controllers: [GuardedProjectsController],
    };
  }
}

/** An API key of each tenant, in their order. */
export async function issueKeys(
  app: INestApplicationContext,
  tenants: number,
): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let index = 0; index < tenants; index++) {
    const issue = () => app.get(ApiKeyService).create({ name: 'bench', scopes: [] });
    keys.push((await app.get(Tenancy).run(slugOf(index), issue)).key);
  }
  return keys;
}
