import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  Post,
  StreamableFile,
} from '@nestjs/common';
import { InjectDataSource, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { DataSource, Repository } from 'typeorm';
import { Person, Project, PROJECT_ENTITIES, Task, Team } from '../../support/projects.js';

export interface NewRow {
  readonly id: number;
  readonly marker: string;
}

/** The handlers that run, also those whose client has gone. */
@Injectable()
export class RunningHandlers {
  private readonly running = new Set<Promise<unknown>>();

  run<T>(work: Promise<T>): Promise<T> {
    const settled = work
      .catch(() => undefined)
      .finally(() => {
        this.running.delete(settled);
      });
    this.running.add(settled);
    return work;
  }

  async ended(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}

/** A plain NestJS controller: nothing in it knows of tenants. */
@Controller()
export class BoardController {
  constructor(
    private readonly handlers: RunningHandlers,
    @InjectRepository(Team) private readonly teams: Repository<Team>,
    @InjectRepository(Task) private readonly tasks: Repository<Task>,
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  @Get('teams')
  list(): Promise<Team[]> {
    return this.handlers.run(this.teams.find({ order: { id: 'DESC' }, take: 10 }));
  }

  @Post('teams')
  async create(@Body() row: NewRow): Promise<void> {
    await this.handlers.run(this.teams.insert(row));
  }

  /** A team and a person, both or none. */
  @Post('pairs')
  async createPair(@Body() row: NewRow): Promise<void> {
    await this.handlers.run(
      this.dataSource.transaction(async (manager) => {
        await manager.insert(Team, row);
        await turn();
        await manager.insert(Person, row);
      }),
    );
  }

  @Get('projects/:id/tasks')
  async tasksOf(@Param('id') id: number): Promise<Task[]> {
    const project = await this.projects.findOneByOrFail({ id });
    await turn();
    return project.tasks;
  }

  @Get('tasks.txt')
  async stream(): Promise<StreamableFile> {
    const rows = await this.tasks.createQueryBuilder('task').stream();
    return new StreamableFile(Readable.from(linesOf(rows)), { type: 'text/plain' });
  }
}

async function* linesOf(rows: AsyncIterable<unknown>): AsyncIterable<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

@Module({
  imports: [TypeOrmModule.forFeature(PROJECT_ENTITIES)],
  controllers: [BoardController],
  providers: [RunningHandlers],
})
export class BoardModule {}
