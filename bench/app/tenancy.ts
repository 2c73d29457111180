import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { bySubdomain, TenancyModule, type TenancyOptions } from 'nestjs-tenancy';
import { CreateProjects1700000000000 } from './create-projects.migration.js';
import { Project } from './project.entity.js';
import { ProjectsController } from './projects.controller.js';
import { services } from './services.js';
import { CENTRAL_DATABASE, DATABASE_PREFIX, type AppSettings } from './settings.js';

/** The options that a bench runs this package with: everything on, nothing tuned. */
export function tenancyOptions({
  url,
  maxConnections,
}: Pick<AppSettings, 'url' | 'maxConnections'>): TenancyOptions {
  return {
    central: { url: `${url}/${CENTRAL_DATABASE}` },
    tenants: {
      servers: { main: { url, maxConnections } },
      databasePrefix: DATABASE_PREFIX,
      migrations: [CreateProjects1700000000000],
    },
    identify: [bySubdomain({ of: 'localhost' })],
  };
}

/** This package: `single` with its one import swapped. */
@Module({})
export class TenancyVariantModule {
  static with(settings: AppSettings): DynamicModule {
    return {
      module: TenancyVariantModule,
      imports: [
        TenancyModule.forRoot(tenancyOptions(settings)),
        TypeOrmModule.forFeature([Project]),
      ],
      providers: services(settings.services),
      controllers: [ProjectsController],
    };
  }
}
