import { Module, Scope, type DynamicModule } from '@nestjs/common';
import {
  ContextIdFactory,
  REQUEST,
  type ContextId,
  type ContextIdStrategy,
  type HostComponentInfo,
} from '@nestjs/core';
import { getRepositoryToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Project } from '../app/project.entity.js';
import { ProjectsController } from '../app/projects.controller.js';
import { services } from '../app/services.js';
import type { AppSettings } from '../app/settings.js';
import { TENANT_DATA_SOURCE } from './request-scope.js';
import { TenantConnections } from './tenant-connections.js';
import { tenantOf, type RequestWithHost } from './tenant-of.js';

interface TenantPayload {
  readonly tenant: string;
}

/** What the NestJS documentation proposes under "durable providers": one tree of providers for each tenant. */
class AggregateByTenant implements ContextIdStrategy<RequestWithHost> {
  private readonly trees = new Map<string, ContextId>();

  attach(contextId: ContextId, request: RequestWithHost) {
    const tenant = tenantOf(request);
    let tree = this.trees.get(tenant);
    if (tree === undefined) this.trees.set(tenant, (tree = ContextIdFactory.create()));
    const durable = tree;
    return {
      resolve: (info: HostComponentInfo) => (info.isTreeDurable ? durable : contextId),
      payload: { tenant } satisfies TenantPayload,
    };
  }
}

/** As `request-scope`, but durable: each tenant's providers are made once and kept. */
@Module({})
export class DurableModule {
  static with(settings: AppSettings): DynamicModule {
    ContextIdFactory.apply(new AggregateByTenant());
    return {
      module: DurableModule,
      providers: [
        ...services(settings.services),
        { provide: TenantConnections, useFactory: () => new TenantConnections(settings) },
        {
          provide: TENANT_DATA_SOURCE,
          scope: Scope.REQUEST,
          durable: true,
          inject: [REQUEST, TenantConnections],
          useFactory: ({ tenant }: TenantPayload, connections: TenantConnections) =>
            connections.get(tenant),
        },
        {
          provide: getRepositoryToken(Project),
          scope: Scope.REQUEST,
          durable: true,
          inject: [TENANT_DATA_SOURCE],
          useFactory: (dataSource: DataSource) => dataSource.getRepository(Project),
        },
      ],
      controllers: [ProjectsController],
    };
  }
}
