import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Project } from '../app/project.entity.js';
import { ProjectsController } from '../app/projects.controller.js';
import { services } from '../app/services.js';
import { SHARED_DATABASE, type AppSettings } from '../app/settings.js';

/** No tenancy: one database, whatever the host. The ceiling that the others are compared with. */
@Module({})
export class SingleModule {
  static with(settings: AppSettings): DynamicModule {
    const { server, url, maxConnections } = settings;
    return {
      module: SingleModule,
      imports: [
        TypeOrmModule.forRoot({
          type: server,
          url: `${url}/${SHARED_DATABASE}`,
          entities: [Project],
          poolSize: maxConnections,
        }),
        TypeOrmModule.forFeature([Project]),
      ],
      providers: services(settings.services),
      controllers: [ProjectsController],
    };
  }
}
