import type ts from 'typescript';
import { addImport, removeUnused } from '../source/edit-imports.js';
import { namesIn } from '../source/imports.js';
import { propertyOf } from '../source/literals.js';
import { addModuleImport, callOf, moduleImports } from '../source/module-imports.js';
import type { Source } from '../source/source.js';

/** A `TypeOrmModule.forRoot(…)` of the default DataSource, which `TenancyModule` takes the place of. */
export interface Replaced {
  readonly call: ts.CallExpression;
  /** The options where they are written out: given to `forRoot`, or returned by the factory of `forRootAsync`. */
  readonly options: ts.ObjectLiteralExpression | undefined;
}

/** `TenancyModule.forRoot(…)` or `forRootAsync(…)` among the module's imports. */
export function findTenancy(source: Source): ts.Expression | undefined {
  return moduleImports(source)?.elements.find(
    (element) => callOf(source, element, 'TenancyModule', 'nestjs-tenancy') !== undefined,
  );
}

/** One with a name is another DataSource, and the app's own affair. */
export function findTypeOrm(source: Source): Replaced | undefined {
  for (const element of moduleImports(source)?.elements ?? []) {
    const found = callOf(source, element, 'TypeOrmModule', '@nestjs/typeorm');
    if (found?.method !== 'forRoot' && found?.method !== 'forRootAsync') continue;
    const given = objectIn(source, found.call.arguments[0]);
    const options = found.method === 'forRoot' ? given : returnedBy(source, given);
    if (!isNamed(source, given) && !isNamed(source, options)) return { call: found.call, options };
  }
  return undefined;
}

/**
 * Imports `TenancyModule.forRoot(tenancyConfig)`, in the place of `TypeOrmModule.forRoot(…)` where there is one.
 * @returns false when the module cannot be edited safely
 */
export function importTenancy(source: Source, configPath: string): boolean {
  const tenancyModule = addImport(source, 'TenancyModule', 'nestjs-tenancy');
  const config = addImport(source, 'default', configPath, 'tenancyConfig');
  if (tenancyModule === undefined || config === undefined) return false;
  const expression = `${tenancyModule}.forRoot(${config})`;
  const replaced = findTypeOrm(source)?.call;
  if (replaced === undefined) return addModuleImport(source, expression);
  const orphans = namesIn(source, replaced);
  source.replace(replaced.getStart(), replaced.getEnd(), expression);
  removeUnused(source, orphans);
  return true;
}

/** What `useFactory` returns, when that is all it does. */
function returnedBy(
  source: Source,
  given: ts.ObjectLiteralExpression | undefined,
): ts.ObjectLiteralExpression | undefined {
  const { ts } = source;
  const property = given && propertyOf(source, given, 'useFactory');
  const factory = property && ts.isPropertyAssignment(property) ? property.initializer : property;
  if (factory === undefined) return undefined;
  if (ts.isArrowFunction(factory) && !ts.isBlock(factory.body)) {
    return objectIn(source, factory.body);
  }
  const isFunction =
    ts.isArrowFunction(factory) ||
    ts.isFunctionExpression(factory) ||
    ts.isMethodDeclaration(factory);
  const body = isFunction ? factory.body : undefined;
  if (body === undefined || !ts.isBlock(body)) return undefined;
  const [statement, ...others] = body.statements;
  if (statement === undefined || others.length > 0) return undefined;
  return ts.isReturnStatement(statement) ? objectIn(source, statement.expression) : undefined;
}

function objectIn(
  source: Source,
  node: ts.Expression | undefined,
): ts.ObjectLiteralExpression | undefined {
  const { ts } = source;
  if (node === undefined || ts.isObjectLiteralExpression(node)) return node;
  const isWrapped =
    ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node);
  return isWrapped ? objectIn(source, node.expression) : undefined;
}

function isNamed(source: Source, object: ts.ObjectLiteralExpression | undefined): boolean {
  return object !== undefined && propertyOf(source, object, 'name') !== undefined;
}
