import { Module, type DynamicModule } from '@nestjs/common';
import { getRepositoryToken } from '@nestjs/typeorm';
import { ClsModule, ClsService } from 'nestjs-cls';
import { Project } from '../app/project.entity.js';
import { ProjectsController } from '../app/projects.controller.js';
import { services } from '../app/services.js';
import type { AppSettings } from '../app/settings.js';
import { TenantConnections } from './tenant-connections.js';
import { tenantOf, type RequestWithHost } from './tenant-of.js';

@Module({})
class TenantConnectionsModule {
  static with(settings: AppSettings): DynamicModule {
    return {
      module: TenantConnectionsModule,
      providers: [
        { provide: TenantConnections, useFactory: () => new TenantConnections(settings) },
      ],
      exports: [TenantConnections],
    };
  }
}

/**
 * `nestjs-cls`: its middleware puts the tenant into AsyncLocalStorage and resolves a proxy provider that stands for the
 * repository of this request's tenant. Nothing is request-scoped.
 */
@Module({})
export class ClsVariantModule {
  static with(settings: AppSettings): DynamicModule {
    return {
      module: ClsVariantModule,
      imports: [
        ClsModule.forRoot({
          global: true,
          middleware: {
            mount: true,
            setup: (cls, request: RequestWithHost) => cls.set('tenant', tenantOf(request)),
          },
        }),
        ClsModule.forFeatureAsync({
          provide: getRepositoryToken(Project),
          imports: [TenantConnectionsModule.with(settings)],
          inject: [ClsService, TenantConnections],
          useFactory: async (cls: ClsService, connections: TenantConnections) => {
            const dataSource = await connections.get(cls.get<string>('tenant'));
            return dataSource.getRepository(Project);
          },
        }),
      ],
      providers: services(settings.services),
      controllers: [ProjectsController],
    };
  }
}
