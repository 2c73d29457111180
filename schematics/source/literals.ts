import type ts from 'typescript';
import type { Source } from './source.js';

type Literal = ts.ArrayLiteralExpression | ts.ObjectLiteralExpression;

/** Appends an element to an array, or a property to an object, in the way that its others are written. */
export function append(source: Source, literal: Literal, text: string): void {
  const { ts } = source;
  const elements = ts.isArrayLiteralExpression(literal) ? literal.elements : literal.properties;
  const last = elements.at(-1);
  if (last === undefined) {
    const inner = source.indentAt(literal.getStart()) + '  ';
    const before = literal.getEnd() - 1;
    const asLines = ts.isObjectLiteralExpression(literal);
    source.insert(before, asLines ? `\n${inner}${text},\n${inner.slice(2)}` : text);
    return;
  }
  const rest = source.text.slice(elements.end, literal.getEnd() - 1);
  if (!rest.includes('\n')) {
    source.insert(last.getEnd(), `, ${text}`);
    return;
  }
  // A comment behind the last element stays behind it.
  const comment = /^[ \t]*(\/\/[^\n]*|\/\*.*?\*\/[ \t]*)?(?=\n)/.exec(rest)?.[0] ?? '';
  const comma = elements.hasTrailingComma ? ',' : '';
  const indent = source.indentAt(last.getStart());
  source.insert(elements.end + comment.length, `\n${indent}${text}${comma}`);
  if (!elements.hasTrailingComma) source.insert(last.getEnd(), ',');
}

/** Removes an element with its comma. An empty array is left as `[]`. */
export function removeElement(
  source: Source,
  array: ts.ArrayLiteralExpression,
  element: ts.Expression,
): void {
  const { elements } = array;
  const index = elements.indexOf(element);
  const next = elements[index + 1];
  const previous = elements[index - 1];
  if (elements.length === 1) source.replace(array.getStart() + 1, array.getEnd() - 1, '');
  else if (next !== undefined) source.replace(element.getFullStart(), next.getFullStart(), '');
  else if (previous !== undefined) source.replace(previous.getEnd(), element.getEnd(), '');
}

/** A property of an object literal by its key, or undefined. */
export function propertyOf(
  { ts }: Source,
  object: ts.ObjectLiteralExpression,
  key: string,
): ts.ObjectLiteralElementLike | undefined {
  return object.properties.find(
    ({ name }) =>
      name !== undefined &&
      (ts.isIdentifier(name) || ts.isStringLiteral(name)) &&
      name.text === key,
  );
}
