import { optionAt } from '../source/config-file.js';
import { importsIn } from '../source/imports.js';
import type { Source } from '../source/source.js';

/** True for a `tenancy.config.ts` that lists nothing of the app: no migrations, seeders, servers or TypeORM options. */
export function isAsCreated(config: Source): boolean {
  return (
    importsIn(config).every(({ from }) => from === 'nestjs-tenancy') &&
    holds(config, [], ['central', 'tenants', 'identify']) &&
    [['central'], ['tenants']].every(
      (section) =>
        holds(config, section, ['migrations']) && isEmpty(config, [...section, 'migrations']),
    )
  );
}

/** True when the object at `path` has no other keys than these. */
function holds(config: Source, path: readonly string[], keys: readonly string[]): boolean {
  const { ts } = config;
  const object = optionAt(config, path);
  if (object === undefined) return path.length > 0;
  if (!ts.isObjectLiteralExpression(object)) return false;
  return object.properties.every(({ name }) => name !== undefined && keys.includes(name.getText()));
}

function isEmpty(config: Source, path: readonly string[]): boolean {
  const list = optionAt(config, path);
  if (list === undefined) return true;
  return config.ts.isArrayLiteralExpression(list) && list.elements.length === 0;
}
