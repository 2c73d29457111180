import pluralize from 'pluralize';
import { posix } from 'node:path';

/** What the user called it, in each of the spellings that code needs. */
export class Name {
  private readonly words: readonly string[];

  /** @throws Error for a name that no class could have */
  constructor(readonly given: string) {
    this.words = given
      .replace(/([a-z\d])([A-Z])/g, '$1 $2')
      .split(/[\s_.-]+/)
      .filter((word) => word !== '')
      .map((word) => word.toLowerCase());
    if (!/^[A-Za-z][A-Za-z\d]*$/.test(this.pascal)) {
      throw new Error(
        `"${given}" is no name: begin with a letter, and use letters, digits and hyphens`,
      );
    }
  }

  /** `project-tasks` */
  get dashed(): string {
    return this.words.join('-');
  }

  /** `project_tasks` */
  get snake(): string {
    return this.words.join('_');
  }

  /** `ProjectTasks` */
  get pascal(): string {
    return this.words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  }

  /** `projectTasks` */
  get camel(): string {
    return this.pascal.charAt(0).toLowerCase() + this.pascal.slice(1);
  }

  /** `project tasks` */
  get spoken(): string {
    return this.words.join(' ');
  }

  get singular(): Name {
    return this.withLast(pluralize.singular);
  }

  get plural(): Name {
    return this.withLast(pluralize.plural);
  }

  private withLast(change: (word: string) => string): Name {
    return new Name([...this.words.slice(0, -1), change(this.words.at(-1) ?? '')].join('-'));
  }
}

/** Splits `admin/notes` into the folder and the name. */
export function readName(given: string | undefined, what: string): { folder: string; name: Name } {
  if (given === undefined || given.trim() === '') throw new Error(`Give ${what} a name`);
  const path = posix.normalize(given.replaceAll('\\', '/'));
  if (path.startsWith('..') || posix.isAbsolute(path)) {
    throw new Error(`"${given}" leads out of the source folder`);
  }
  return { folder: posix.dirname(path), name: new Name(posix.basename(path)) };
}
