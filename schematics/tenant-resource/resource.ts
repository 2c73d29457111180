import { posix } from 'node:path';
import type { Name } from '../workspace/names.js';
import { importPath } from '../workspace/project.js';
import type { Workspace } from '../workspace/workspace.js';

/** A resource that is being made: its names and where its files are. */
export class Resource {
  constructor(
    private readonly workspace: Workspace,
    readonly folder: string,
    /** As the user has it, in the plural as a rule. */
    readonly name: Name,
  ) {}

  get entity(): Name {
    return this.name.singular;
  }

  /** The name of its table. */
  get table(): string {
    return this.name.plural.snake;
  }

  get entityFile(): string {
    return posix.join(this.folder, 'entities', `${this.entity.dashed}.entity.ts`);
  }

  get createDtoFile(): string {
    return posix.join(this.folder, 'dto', `create-${this.entity.dashed}.dto.ts`);
  }

  get updateDtoFile(): string {
    return posix.join(this.folder, 'dto', `update-${this.entity.dashed}.dto.ts`);
  }

  file(kind: 'module' | 'service' | 'controller' | 'isolation.spec'): string {
    return posix.join(this.folder, `${this.name.dashed}.${kind}.ts`);
  }

  /** `import { symbol } from '…';` of a file of the app, in another. */
  import(symbol: string, from: string, into: string): string {
    return `import { ${symbol} } from '${importPath(this.workspace.project, into, from)}';`;
  }

  importConfig(into: string): string {
    const { project } = this.workspace;
    return `import tenancyConfig from '${importPath(project, into, project.configFile)}';`;
  }
}
