import { createHash } from 'node:crypto';
import type { MigrationInterface } from 'typeorm';

/**
 * Of what a migration does, as its class says it: the same from CommonJS and ES modules, and whatever a compiler made of
 * spaces, quotes and comments. Not of its file, which an app that is bundled does not have.
 */
export function sourceChecksum(migration: MigrationInterface): string {
  const { constructor } = migration;
  const source: unknown[] =
    typeof constructor === 'function' && constructor !== Object
      ? [constructor]
      : [Reflect.get(migration, 'up'), Reflect.get(migration, 'down')];
  const text = source
    .map(String)
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '')
    .replaceAll(CALL_OF_IMPORTED, '$1')
    .replaceAll(IMPORTED, '')
    .replaceAll(/["'`]/g, "'")
    .replaceAll(/[\s;,]/g, '');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** What `Table` and `call()` of another module become in CommonJS: `typeorm_1.Table`, `_typeorm.Table`, `(0, x_1.call)()`. */
const IMPORTED = /\b(?:\w+_\d+|_\w+)\.(?=\w)/g;
const CALL_OF_IMPORTED = /\(0,\s*(?:\w+_\d+|_\w+)\.(\w+)\)/g;
