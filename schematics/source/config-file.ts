import type ts from 'typescript';
import { append, propertyOf } from './literals.js';
import type { Source } from './source.js';

/**
 * Sets an option of `tenancy.config.ts` that is not there: `tenants.typeorm.logging` to `true`. One that is there stays.
 * @returns false when it is there already, or when the file holds no such object to be edited
 */
export function addOption(source: Source, path: readonly string[], value: string): boolean {
  const [key, ...parents] = path.toReversed();
  const object = objectAt(source, parents.toReversed());
  if (key === undefined || object === undefined) return false;
  if (propertyOf(source, object, key) !== undefined) return false;
  append(source, object, `${key}: ${value}`);
  return true;
}

/** The value at the end of `path`, when it is written out in the file. */
export function optionAt(source: Source, path: readonly string[]): ts.Expression | undefined {
  const { ts } = source;
  let at: ts.Expression | undefined = exportedObject(source);
  for (const key of path) {
    if (at === undefined || !ts.isObjectLiteralExpression(at)) return undefined;
    const property = propertyOf(source, at, key);
    if (property === undefined || !ts.isPropertyAssignment(property)) return undefined;
    at = property.initializer;
  }
  return at;
}

/** The object at `path`, made where it is missing; undefined where something else stands in its place. */
function objectAt(source: Source, path: readonly string[]): ts.ObjectLiteralExpression | undefined {
  const { ts } = source;
  let object = exportedObject(source);
  for (const [index, key] of path.entries()) {
    if (object === undefined) return undefined;
    if (propertyOf(source, object, key) === undefined) {
      append(source, object, `${key}: {}`);
      return objectAt(source, path);
    }
    const value = optionAt(source, path.slice(0, index + 1));
    object = value !== undefined && ts.isObjectLiteralExpression(value) ? value : undefined;
  }
  return object;
}

/** What the file exports by default: an object, alone or in `defineTenancyConfig(…)`. */
function exportedObject({ ts, file }: Source): ts.ObjectLiteralExpression | undefined {
  const exported = file.statements.find((statement) => ts.isExportAssignment(statement));
  let value: ts.Expression | undefined = exported?.expression;
  if (value !== undefined && ts.isCallExpression(value)) value = value.arguments[0];
  return value !== undefined && ts.isObjectLiteralExpression(value) ? value : undefined;
}
