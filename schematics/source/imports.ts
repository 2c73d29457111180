import type ts from 'typescript';
import type { Source } from './source.js';

/** A binding of an import declaration. */
export interface Import {
  /** What it is called in the file. */
  readonly local: string;
  /** What it is called where it comes from; `default` and `*` as there. */
  readonly name: string;
  readonly from: string;
  readonly typeOnly: boolean;
}

export function importsIn(source: Source): readonly Import[] {
  return declarationsIn(source).flatMap((declaration) => bindingsOf(source, declaration));
}

/** True for an expression that means the export `name` of `from`: by its name, an alias or a namespace. */
export function means(source: Source, node: ts.Node, name: string, from: string): boolean {
  const { ts } = source;
  const imports = importsIn(source).filter((binding) => binding.from === from);
  if (ts.isIdentifier(node)) {
    return imports.some((binding) => binding.local === node.text && binding.name === name);
  }
  return (
    ts.isPropertyAccessExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.name.text === name &&
    imports.some(({ local, name: star }) => star === '*' && local === textOf(node.expression))
  );
}

/** The names in `node` that stand for something: not those after a dot, nor the keys of an object. */
export function namesIn(source: Source, node: ts.Node): ReadonlySet<string> {
  return new Set(identifiersIn(source, node).map(({ text }) => text));
}

export function identifiersIn(
  source: Source,
  root: ts.Node,
  wanted?: string,
): readonly ts.Identifier[] {
  const { ts } = source;
  const found: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && (wanted === undefined || node.text === wanted)) {
      const { parent } = node;
      const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
      const isKey = ts.isPropertyAssignment(parent) && parent.name === node;
      if (!isMember && !isKey) found.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

export function declarationsIn({ ts, file }: Source): readonly ts.ImportDeclaration[] {
  return file.statements.filter((statement) => ts.isImportDeclaration(statement));
}

export function bindingsOf({ ts }: Source, declaration: ts.ImportDeclaration): readonly Import[] {
  const { importClause, moduleSpecifier } = declaration;
  if (importClause === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
  const from = moduleSpecifier.text;
  const typeOnly = importClause.isTypeOnly;
  const found: Import[] = [];
  const { name, namedBindings } = importClause;
  if (name !== undefined) found.push({ local: name.text, name: 'default', from, typeOnly });
  if (namedBindings === undefined) return found;
  if (ts.isNamespaceImport(namedBindings)) {
    return [...found, { local: namedBindings.name.text, name: '*', from, typeOnly }];
  }
  return [
    ...found,
    ...namedBindings.elements.map((element) => ({
      local: element.name.text,
      name: (element.propertyName ?? element.name).text,
      from,
      typeOnly: typeOnly || element.isTypeOnly,
    })),
  ];
}

function textOf(node: ts.Node): string {
  return node.getText();
}
