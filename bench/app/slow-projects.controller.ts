import { Controller, Get, Param, ParseIntPipe } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Project } from './project.entity.js';

/** One query that holds its connection for so many milliseconds, and gives a row that shows whose it was. */
export const SLOW_QUERY = 'SELECT id, name, SLEEP(? / 1000) AS slept FROM project WHERE id = ?';

@Controller()
export class SlowProjectsController {
  constructor(@InjectRepository(Project) private readonly projects: Repository<Project>) {}

  @Get('projects/:id/slowly/:milliseconds')
  async find(
    @Param('id', ParseIntPipe) id: number,
    @Param('milliseconds', ParseIntPipe) milliseconds: number,
  ) {
    const rows = await this.projects.query<Project[]>(SLOW_QUERY, [milliseconds, id]);
    return rows[0];
  }
}
