import type ts from 'typescript';
import { means } from './imports.js';
import { append, propertyOf } from './literals.js';
import type { Source } from './source.js';

/** The array in `@Module({ imports: […] })` of the file's only module; undefined when none is written out there. */
export function moduleImports(source: Source): ts.ArrayLiteralExpression | undefined {
  const metadata = moduleMetadata(source);
  const imports = metadata && propertyOf(source, metadata, 'imports');
  if (imports === undefined || !source.ts.isPropertyAssignment(imports)) return undefined;
  const { initializer } = imports;
  return source.ts.isArrayLiteralExpression(initializer) ? initializer : undefined;
}

/**
 * Appends to the module's imports.
 * @returns false when the file has no module, has several, or puts the imports together at run time
 */
export function addModuleImport(source: Source, expression: string): boolean {
  const { ts } = source;
  const imports = moduleImports(source);
  if (imports !== undefined) {
    append(source, imports, expression);
    return true;
  }
  const metadata = moduleMetadata(source);
  if (metadata === undefined || propertyOf(source, metadata, 'imports') !== undefined) return false;
  // A spread may bring imports along.
  if (metadata.properties.some((property) => ts.isSpreadAssignment(property))) return false;
  append(source, metadata, `imports: [${expression}]`);
  return true;
}

/** `Name.method(…)` of the export `name` of `from`, or undefined. */
export function callOf(
  source: Source,
  element: ts.Expression,
  name: string,
  from: string,
): { readonly method: string; readonly call: ts.CallExpression } | undefined {
  const { ts } = source;
  if (!ts.isCallExpression(element)) return undefined;
  const callee = element.expression;
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  if (!means(source, callee.expression, name, from)) return undefined;
  return { method: callee.name.text, call: element };
}

function moduleMetadata(source: Source): ts.ObjectLiteralExpression | undefined {
  const { ts, file } = source;
  const calls = file.statements
    .filter((statement) => ts.isClassDeclaration(statement))
    .flatMap((declaration) => ts.getDecorators(declaration) ?? [])
    .map(({ expression }) => expression)
    .filter((expression) => ts.isCallExpression(expression))
    .filter(({ expression }) => means(source, expression, 'Module', '@nestjs/common'));
  const [metadata] = calls[0]?.arguments ?? [];
  if (metadata === undefined || calls.length > 1) return undefined;
  return ts.isObjectLiteralExpression(metadata) ? metadata : undefined;
}
