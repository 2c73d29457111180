import { Body, Controller, Get, Param, ParseIntPipe, Post } from '@nestjs/common';
import { AddTasksDto } from './add-tasks.dto.js';
import { CreateProjectDto } from './create-project.dto.js';
import { ProjectsService } from './projects.service.js';

@Controller('projects')
export class ProjectsController {
  constructor(private readonly projects: ProjectsService) {}

  @Get()
  list() {
    return this.projects.list();
  }

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number) {
    return this.projects.find(id);
  }

  @Post()
  create(@Body() project: CreateProjectDto) {
    return this.projects.create(project);
  }

  @Post(':id/tasks')
  addTasks(@Param('id', ParseIntPipe) id: number, @Body() tasks: AddTasksDto) {
    return this.projects.addTasks(id, tasks);
  }
}
