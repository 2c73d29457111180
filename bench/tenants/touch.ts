import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Tenancy } from 'nestjs-tenancy';
import { Repository } from 'typeorm';
import { Project } from '../app/project.entity.js';
import { rowId, rowName } from '../app/rows.js';
import { slugOf } from '../app/settings.js';

/** Does what a request to a tenant does: finds the tenant by its slug, enters it, reads one of its rows. */
@Injectable()
export class Touch {
  constructor(
    private readonly tenancy: Tenancy,
    @InjectRepository(Project) private readonly projects: Repository<Project>,
  ) {}

  /** @throws Error when the row is another tenant's */
  async tenant(index: number): Promise<void> {
    const project = await this.tenancy.run(slugOf(index), () =>
      this.projects.findOneBy({ id: rowId(index, 0) }),
    );
    if (project?.name !== rowName(index, 0)) {
      throw new Error(`Tenant ${index} was served ${JSON.stringify(project)}`);
    }
  }

  /** Touches the tenants from `first` up to but without `end`, `concurrency` at a time. */
  async tenants(first: number, end: number, concurrency: number): Promise<void> {
    let next = first;
    const lane = async () => {
      while (next < end) await this.tenant(next++);
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
  }
}
