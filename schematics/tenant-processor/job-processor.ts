import { posix } from 'node:path';
import type { Name } from '../workspace/names.js';
import { importPath } from '../workspace/project.js';
import type { Workspace } from '../workspace/workspace.js';

/** A processor that is being made: its names and where its files are. */
export class JobProcessor {
  constructor(
    private readonly workspace: Workspace,
    readonly folder: string,
    readonly name: Name,
  ) {}

  file(kind: 'module' | 'processor' | 'processor.spec'): string {
    return posix.join(this.folder, `${this.name.dashed}.${kind}.ts`);
  }

  /** The processor's file, as `file` imports it. */
  pathFrom(file: string): string {
    return importPath(this.workspace.project, file, this.file('processor'));
  }
}
