import {
  Controller,
  createParamDecorator,
  Get,
  Module,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  type DynamicModule,
  type ExecutionContext,
} from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn, Repository } from 'typeorm';
import { SHARED_DATABASE, type AppSettings } from '../app/settings.js';
import { tenantOf } from './tenant-of.js';

/** All tenants' projects in one table. */
@Entity('tenant_project')
export class TenantProject {
  @PrimaryColumn({ name: 'tenant_id', length: 36 })
  tenantId!: string;

  @PrimaryColumn()
  id!: number;

  @Column({ length: 100 })
  name!: string;

  @Column({ default: 0 })
  touches!: number;
}

const TenantId = createParamDecorator((_: unknown, context: ExecutionContext) =>
  tenantOf(context.switchToHttp().getRequest()),
);

/** The handlers of `ProjectsController`, with the tenant in every query. */
@Controller()
class TenantProjectsController {
  constructor(
    @InjectRepository(TenantProject) private readonly projects: Repository<TenantProject>,
  ) {}

  @Get('ping')
  ping() {
    return { name: 'pong' };
  }

  @Get('projects/:id')
  async find(@TenantId() tenantId: string, @Param('id', ParseIntPipe) id: number) {
    const project = await this.projects.findOneBy({ tenantId, id });
    if (project === null) throw new NotFoundException();
    return project;
  }

  @Post('projects/:id/touch')
  touch(@TenantId() tenantId: string, @Param('id', ParseIntPipe) id: number) {
    return this.projects.manager.transaction(async (manager) => {
      await manager.findOneByOrFail(TenantProject, { tenantId, id });
      await manager.increment(TenantProject, { tenantId, id }, 'touches', 1);
      return manager.findOneByOrFail(TenantProject, { tenantId, id });
    });
  }
}

/** Row-level tenancy: one database with a `tenant_id` column. What a database per tenant costs over that. */
@Module({})
export class DiscriminatorModule {
  static with({ server, url, maxConnections }: AppSettings): DynamicModule {
    return {
      module: DiscriminatorModule,
      imports: [
        TypeOrmModule.forRoot({
          type: server,
          url: `${url}/${SHARED_DATABASE}`,
          entities: [TenantProject],
          poolSize: maxConnections,
        }),
        TypeOrmModule.forFeature([TenantProject]),
      ],
      controllers: [TenantProjectsController],
    };
  }
}
