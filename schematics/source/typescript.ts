import { createRequire } from 'node:module';
import { join } from 'node:path';

export type TypeScript = typeof import('typescript');

/**
 * The parser, from the project itself or from the Nest CLI that it has. Undefined where there is none: TypeScript 7 has
 * no parser that JavaScript could call.
 */
export function loadTypeScript(root = process.cwd()): TypeScript | undefined {
  const project = createRequire(join(root, 'package.json'));
  for (const owner of [undefined, '@nestjs/cli/package.json', '@nestjs/schematics/package.json']) {
    const loaded = loadFrom(project, owner);
    if (loaded !== undefined) return loaded;
  }
  return undefined;
}

function loadFrom(project: NodeJS.Require, owner: string | undefined): TypeScript | undefined {
  try {
    const require = owner === undefined ? project : createRequire(project.resolve(owner));
    const loaded: Partial<TypeScript> = require('typescript');
    return isComplete(loaded) ? loaded : undefined;
  } catch (error) {
    // Not there; the next place is tried.
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')
      return undefined;
    throw error;
  }
}

function isComplete(loaded: Partial<TypeScript>): loaded is TypeScript {
  return typeof loaded.createSourceFile === 'function';
}
