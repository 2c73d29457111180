import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TenancyModule, defineTenancyConfig } from 'nestjs-tenancy';
import { CreateProject1700000000000 } from './create-project.migration.js';
import { Project } from './project.entity.js';
import { ProjectsController } from './projects.controller.js';

const config = defineTenancyConfig({
  central: { url: 'sqlite:./central.sqlite' },
  tenants: {
    servers: { main: { url: 'sqlite:./tenants' } },
    migrations: [CreateProject1700000000000],
  },
});

@Module({
  imports: [TenancyModule.forRoot(config), TypeOrmModule.forFeature([Project])],
  controllers: [ProjectsController],
})
export class AppModule {}
