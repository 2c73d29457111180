import { Module, ValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { TenancyModule } from 'nestjs-tenancy';
import { AccountController } from './account.controller.js';
import { HealthController } from './health.controller.js';
import { ProjectsModule } from './projects/projects.module.js';
import tenancyConfig from './tenancy.config.js';

@Module({
  imports: [TenancyModule.forRoot(tenancyConfig), ProjectsModule],
  controllers: [AccountController, HealthController],
  providers: [{ provide: APP_PIPE, useValue: new ValidationPipe({ whitelist: true }) }],
})
export class AppModule {}
