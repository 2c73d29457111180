import type { Provider } from '@nestjs/common';
import { getRepositoryToken } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Project } from './project.entity.js';

/** What the controller injects besides its repository. */
export const SERVICES = 'SERVICES';

/**
 * A chain of `count` services that each hold the repository and the service before. They do nothing but be there: a real
 * controller hangs on a tree of providers that lead to the database, and a way of tenancy that makes providers anew for
 * each request makes the whole tree anew. Where they are singletons they cost nothing.
 */
export function services(count: number): Provider[] {
  const tokens = Array.from({ length: count }, (_, index) => `service ${index}`);
  const chain = tokens.map((provide, index) => ({
    provide,
    inject: [getRepositoryToken(Project), tokens[index - 1] ?? getRepositoryToken(Project)],
    useFactory: (projects: Repository<Project>, before: unknown) => new Service(projects, before),
  }));
  const last = tokens.at(-1);
  return [
    ...chain,
    last === undefined
      ? { provide: SERVICES, useValue: undefined }
      : { provide: SERVICES, useExisting: last },
  ];
}

class Service {
  constructor(
    readonly projects: Repository<Project>,
    readonly before: unknown,
  ) {}
}
