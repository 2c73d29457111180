import { Module, Scope, type DynamicModule } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { getRepositoryToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Project } from '../app/project.entity.js';
import { ProjectsController } from '../app/projects.controller.js';
import { services } from '../app/services.js';
import type { AppSettings } from '../app/settings.js';
import { TenantConnections } from './tenant-connections.js';
import { tenantOf, type RequestWithHost } from './tenant-of.js';

export const TENANT_DATA_SOURCE = 'TENANT_DATA_SOURCE';

/**
 * The pattern of most tutorials: the DataSource is a request-scoped provider, and with it everything that it is
 * injected into, up to the controller, is made anew for each request.
 */
@Module({})
export class RequestScopeModule {
  static with(settings: AppSettings): DynamicModule {
    return {
      module: RequestScopeModule,
      providers: [
        ...services(settings.services),
        { provide: TenantConnections, useFactory: () => new TenantConnections(settings) },
        {
          provide: TENANT_DATA_SOURCE,
          scope: Scope.REQUEST,
          inject: [REQUEST, TenantConnections],
          useFactory: (request: RequestWithHost, connections: TenantConnections) =>
            connections.get(tenantOf(request)),
        },
        {
          provide: getRepositoryToken(Project),
          inject: [TENANT_DATA_SOURCE],
          useFactory: (dataSource: DataSource) => dataSource.getRepository(Project),
        },
      ],
      controllers: [ProjectsController],
    };
  }
}
