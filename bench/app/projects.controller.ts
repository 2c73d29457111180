import {
  Controller,
  Get,
  Inject,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
} from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Project } from './project.entity.js';
import { SERVICES } from './services.js';

/**
 * The three handlers that are measured, as they would stand in an app without tenants. All variants but
 * `discriminator` use this very class: they differ in what they give for `@InjectRepository(Project)`. `ping` is in the
 * same controller on purpose: a handler that asks for no data pays what the way of injecting it costs.
 */
@Controller()
export class ProjectsController {
  constructor(
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    @Inject(SERVICES) readonly services: unknown,
  ) {}

  @Get('ping')
  ping() {
    return { name: 'pong' };
  }

  @Get('projects/:id')
  async find(@Param('id', ParseIntPipe) id: number) {
    const project = await this.projects.findOneBy({ id });
    if (project === null) throw new NotFoundException();
    return project;
  }

  @Post('projects/:id/touch')
  touch(@Param('id', ParseIntPipe) id: number) {
    return this.projects.manager.transaction(async (manager) => {
      await manager.findOneByOrFail(Project, { id });
      await manager.increment(Project, { id }, 'touches', 1);
      return manager.findOneByOrFail(Project, { id });
    });
  }
}
