import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import type { AddTasksDto } from './add-tasks.dto.js';
import type { CreateProjectDto } from './create-project.dto.js';
import { Project } from './project.entity.js';
import { Task } from './task.entity.js';

@Injectable()
export class ProjectsService {
  constructor(
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    private readonly dataSource: DataSource,
  ) {}

  list(): Promise<Project[]> {
    return this.projects.find({ order: { id: 'ASC' } });
  }

  async find(id: number): Promise<Project> {
    const project = await this.projects.findOne({ where: { id }, relations: { tasks: true } });
    if (project === null) throw new NotFoundException(`There is no project ${id}`);
    return project;
  }

  create({ name }: CreateProjectDto): Promise<Project> {
    return this.projects.save(this.projects.create({ name }));
  }

  addTasks(projectId: number, { titles }: AddTasksDto): Promise<Task[]> {
    return this.dataSource.transaction(async (manager) => {
      // First, because it locks the row: whoever adds tasks to the same project waits here.
      const { affected } = await manager.increment(
        Project,
        { id: projectId },
        'taskCount',
        titles.length,
      );
      if (affected === 0) throw new NotFoundException(`There is no project ${projectId}`);
      const tasks = titles.map((title) => ({ title, project: { id: projectId } }));
      return manager.save(manager.create(Task, tasks));
    });
  }
}
