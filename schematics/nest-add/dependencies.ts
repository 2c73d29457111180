import type { Tree } from '@angular-devkit/schematics';
import type { Engine } from '../tenancy-config/settings.js';
import { readPackageJson, type Entries } from '../workspace/package-json.js';

export const SQLITE_DRIVER: Entries = { 'better-sqlite3': '^12.0.0' };
const MYSQL_DRIVER: Entries = { mysql2: '^3.15.3' };

/** What checks the options, and DTOs. */
export const VALIDATION: Entries = {
  'class-transformer': '^0.5.1',
  'class-validator': '^0.15.1',
};

/** What an app needs besides this package, at the versions that go with its NestJS. */
export function dependenciesFor(tree: Tree, engine: Engine): Entries {
  return {
    '@nestjs/typeorm': nestMajor(tree) === 11 ? '^11.0.1' : '^12.0.0',
    typeorm: '^1.1.0',
    ...VALIDATION,
    ...(engine === 'sqlite' ? SQLITE_DRIVER : MYSQL_DRIVER),
  };
}

/** What jobs need besides, at the versions that go with the app's NestJS. */
export function queueDependencies(tree: Tree): Entries {
  return { '@nestjs/bullmq': nestMajor(tree) === 11 ? '^11.0.3' : '^12.0.0', bullmq: '^5.81.0' };
}

/** Of what `nest add` has brought along, what an app without these imports has no use for. */
export function unneededWithout(isImported: (name: string) => boolean): readonly string[] {
  const unimported = ['nestjs-tenancy', '@nestjs/typeorm'].filter((name) => !isImported(name));
  const usesTypeOrm = isImported('typeorm') || isImported('@nestjs/typeorm');
  // Nobody imports a driver, nor what ValidationPipe transforms with.
  return [
    ...unimported,
    ...(usesTypeOrm ? [] : ['typeorm', ...Object.keys({ ...SQLITE_DRIVER, ...MYSQL_DRIVER })]),
    ...(isImported('class-validator') ? [] : Object.keys(VALIDATION)),
  ];
}

function nestMajor(tree: Tree): number {
  const { dependencies = {} } = readPackageJson(tree);
  return Number(/\d+/.exec(dependencies['@nestjs/core'] ?? '')?.[0] ?? 12);
}
