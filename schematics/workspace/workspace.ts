import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { Source } from '../source/source.js';
import { loadTypeScript } from '../source/typescript.js';
import { formatAll, type Unformatted } from './formatting.js';
import { readProject, type Project, type ProjectOptions } from './project.js';

/** The app's files while a schematic works on them. */
export class Workspace {
  readonly project: Project;
  private readonly created = new Set<string>();
  /** What edited files held before. */
  private readonly edited = new Map<string, string>();

  constructor(
    readonly tree: Tree,
    readonly context: SchematicContext,
    options: ProjectOptions,
  ) {
    this.project = readProject(tree, options);
  }

  read(path: string): string | undefined {
    return this.tree.read(path)?.toString('utf8');
  }

  /** Creates a file. One that is there is the user's, and stays as it is. */
  create(path: string, content: string): void {
    if (this.tree.exists(path)) {
      this.tell(`${path.slice(1)} is there already, and stays as it is.`);
      return;
    }
    this.tree.create(path, content);
    this.created.add(path);
  }

  /** A source file to look into; undefined when it is not there, or nothing that could parse it. */
  open(path: string): Source | undefined {
    const text = this.read(path);
    const ts = loadTypeScript();
    if (ts === undefined || text === undefined) return undefined;
    return new Source(ts, path, isWindows(text) ? text.replaceAll('\r\n', '\n') : text);
  }

  /**
   * Edits a source file. What `edit` has changed is written only when it returns true: half an edit is none.
   * @returns false when the edit cannot be made safely; the file is as it was
   */
  edit(path: string, edit: (source: Source) => boolean): boolean {
    const source = this.open(path);
    const before = this.read(path);
    if (source === undefined || before === undefined) return false;
    const opened = source.text;
    if (!edit(source)) return false;
    if (source.text === opened) return true;
    if (!this.edited.has(path)) this.edited.set(path, before);
    const { text } = source;
    this.tree.overwrite(path, isWindows(before) ? text.replaceAll('\n', '\r\n') : text);
    return true;
  }

  tell(what: string): void {
    this.context.logger.info(what);
  }

  /** Prints what is left to the user, with the code to paste. */
  leaveToUser(why: string, snippet: string): void {
    this.context.logger.warn(`${why}\n\n${snippet.replace(/^(?=.)/gm, '  ')}\n`);
  }

  /** Formats what was created, and what was edited if it was formatted before: nothing else of the user's moves. */
  async format(): Promise<void> {
    const now = [...this.created, ...this.edited.keys()];
    const before = [...this.edited];
    const files = [
      ...now.map((path): Unformatted => ({ path, text: this.read(path) ?? '' })),
      ...before.map(([path, text]): Unformatted => ({ path, text })),
    ];
    const formatted = await formatAll(files).catch((error: Error) => {
      // The files are right all the same.
      this.context.logger.warn(`Nothing is formatted: ${error.message}`);
    });
    if (!formatted) return;
    const wasFormatted = (path: string): boolean => {
      const index = before.findIndex(([edited]) => edited === path);
      return index < 0 || formatted[now.length + index]?.text === before[index]?.[1];
    };
    for (const [index, path] of now.entries()) {
      const { text, problem } = formatted[index] ?? { text: this.read(path) ?? '' };
      if (problem !== undefined) {
        this.context.logger.warn(`${path.slice(1)} is not formatted: ${problem}`);
      } else if (wasFormatted(path)) this.tree.overwrite(path, text);
    }
  }
}

/** Every line ends in `\r\n`. Where only some do, they are left as they are. */
function isWindows(text: string): boolean {
  return text.includes('\r\n') && !/(^|[^\r])\n/.test(text);
}
