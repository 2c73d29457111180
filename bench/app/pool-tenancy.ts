import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { bySubdomain, TenancyModule, type TenancyOptions } from 'nestjs-tenancy';
import { CreateProjects1700000000000 } from './create-projects.migration.js';
import { SERVICES_OF_CONTROLLER, type PoolAppSettings } from './pool-settings.js';
import { Project } from './project.entity.js';
import { ProjectsController } from './projects.controller.js';
import { services } from './services.js';
import { CENTRAL_DATABASE, DATABASE_PREFIX } from './settings.js';
import { SlowProjectsController } from './slow-projects.controller.js';
import { TenantsController } from './tenants.controller.js';

type Settings = Pick<PoolAppSettings, 'centralUrl' | 'servers' | 'registry'>;

/** The options that the pool is looked at with: nothing tuned but what the settings say of the servers. */
export function poolOptions({ centralUrl, servers, registry }: Settings): TenancyOptions {
  return {
    central: { url: `${centralUrl}/${CENTRAL_DATABASE}` },
    tenants: {
      servers,
      databasePrefix: DATABASE_PREFIX,
      migrations: [CreateProjects1700000000000],
      seed: async ({ slug }, dataSource) => {
        await dataSource.getRepository(Project).save({ id: 1, name: slug });
      },
    },
    registry,
    identify: [bySubdomain({ of: 'localhost' })],
  };
}

/** This package. */
@Module({})
export class PoolTenancyModule {
  static with(settings: PoolAppSettings): DynamicModule {
    return {
      module: PoolTenancyModule,
      imports: [TenancyModule.forRoot(poolOptions(settings)), TypeOrmModule.forFeature([Project])],
      providers: services(SERVICES_OF_CONTROLLER),
      controllers: [ProjectsController, SlowProjectsController, TenantsController],
    };
  }
}
