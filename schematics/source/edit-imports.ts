import type ts from 'typescript';
import { bindingsOf, declarationsIn, identifiersIn, importsIn } from './imports.js';
import type { Source } from './source.js';

/**
 * Makes the export `name` of `from` available.
 * @returns what it is called in the file; undefined when the name is taken by something else
 */
export function addImport(
  source: Source,
  name: string,
  from: string,
  local = name,
): string | undefined {
  const there = importsIn(source).find(
    (binding) => binding.from === from && binding.name === name && !binding.typeOnly,
  );
  if (there !== undefined) return there.local;
  if (isTaken(source, local)) return undefined;
  const list = name === 'default' ? undefined : namedListFrom(source, from);
  if (list !== undefined) {
    const last = list.elements.at(-1);
    if (last !== undefined) source.insert(last.getEnd(), `, ${name}`);
    else source.insert(list.getEnd() - 1, ` ${name} `);
    return local;
  }
  const clause = name === 'default' ? local : `{ ${name} }`;
  addStatement(source, from, `import ${clause} from ${quoteOf(source)}${from}${quoteOf(source)};`);
  return local;
}

/** Packages stand before the app's own files. */
function addStatement(source: Source, from: string, statement: string): void {
  const declarations = declarationsIn(source);
  const [first] = declarations;
  const before = from.startsWith('.')
    ? declarations.at(-1)
    : declarations.findLast(({ moduleSpecifier }) => !/^.\./.test(moduleSpecifier.getText()));
  if (before !== undefined) source.insert(before.getEnd(), `\n${statement}`);
  else if (first !== undefined) source.insert(first.getStart(), `${statement}\n`);
  else source.insert(startOf(source), `${statement}\n\n`);
}

/** Removes the imports of these local names that nothing refers to any more. */
export function removeUnused(source: Source, locals: Iterable<string>): void {
  for (const local of locals) {
    const declaration = declarationsIn(source).find((each) =>
      bindingsOf(source, each).some((binding) => binding.local === local),
    );
    if (declaration === undefined || identifiersIn(source, source.file, local).length > 1) continue;
    removeBinding(source, declaration, local);
  }
}

function removeBinding(source: Source, declaration: ts.ImportDeclaration, local: string): void {
  const { ts } = source;
  const bindings = bindingsOf(source, declaration);
  const list = declaration.importClause?.namedBindings;
  if (bindings.length === 1) {
    const end = declaration.getEnd();
    source.replace(declaration.getStart(), source.text[end] === '\n' ? end + 1 : end, '');
  } else if (list !== undefined && ts.isNamedImports(list)) {
    const rest = list.elements
      .filter(({ name }) => name.text !== local)
      .map((each) => each.getText());
    if (rest.length < list.elements.length) {
      source.replace(list.getStart(), list.getEnd(), `{ ${rest.join(', ')} }`);
    }
  }
}

function namedListFrom(source: Source, from: string): ts.NamedImports | undefined {
  const { ts } = source;
  for (const { importClause, moduleSpecifier } of declarationsIn(source)) {
    if (!ts.isStringLiteral(moduleSpecifier) || moduleSpecifier.text !== from) continue;
    if (importClause === undefined || importClause.isTypeOnly) continue;
    const { namedBindings } = importClause;
    if (namedBindings !== undefined && ts.isNamedImports(namedBindings)) return namedBindings;
  }
  return undefined;
}

/** A top-level name of the file. */
function isTaken(source: Source, name: string): boolean {
  const { ts, file } = source;
  if (importsIn(source).some(({ local }) => local === name)) return true;
  return file.statements.some((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.some((each) => each.name.getText() === name);
    }
    const isNamed =
      ts.isClassDeclaration(statement) ||
      ts.isFunctionDeclaration(statement) ||
      ts.isEnumDeclaration(statement);
    return isNamed && statement.name?.text === name;
  });
}

/** The quotes of the file's other imports. */
function quoteOf(source: Source): string {
  const first = declarationsIn(source)[0];
  return first === undefined ? "'" : first.moduleSpecifier.getText().slice(0, 1);
}

/** After a byte order mark and a `#!` line. */
function startOf({ text }: Source): number {
  return /^\uFEFF?(#![^\n]*\n)?/.exec(text)?.[0].length ?? 0;
}
