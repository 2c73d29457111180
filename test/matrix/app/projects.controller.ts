import { Body, Controller, Get, Post } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Project } from './project.entity.js';

@Controller('projects')
export class ProjectsController {
  constructor(@InjectRepository(Project) private readonly projects: Repository<Project>) {}

  @Get()
  list(): Promise<Project[]> {
    return this.projects.find();
  }

  @Post()
  create(@Body() body: { name: string }): Promise<Project> {
    return this.projects.save({ name: body.name });
  }
}
