import type ts from 'typescript';
import type { TypeScript } from './typescript.js';

/**
 * A source file while it is edited by its syntax tree. Every change makes a new tree, so that no position is used after
 * the text has moved.
 */
export class Source {
  #text: string;
  #file: ts.SourceFile | undefined;

  constructor(
    readonly ts: TypeScript,
    readonly path: string,
    text: string,
  ) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }

  get file(): ts.SourceFile {
    const { ScriptTarget, createSourceFile } = this.ts;
    return (this.#file ??= createSourceFile(this.path, this.#text, ScriptTarget.Latest, true));
  }

  textOf(node: ts.Node): string {
    return node.getText(this.file);
  }

  /** The white space that the line of `position` begins with. */
  indentAt(position: number): string {
    const start = this.#text.lastIndexOf('\n', position - 1) + 1;
    return /^[ \t]*/.exec(this.#text.slice(start))?.[0] ?? '';
  }

  replace(start: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end);
    this.#file = undefined;
  }

  insert(position: number, text: string): void {
    this.replace(position, position, text);
  }
}
