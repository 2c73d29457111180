import type { QueryRunner } from 'typeorm';

/** Tells in statements what a database is, so that an empty one can be made the same. */
export interface SchemaCopies {
  /** What decides, besides a dump, what comes of it: the server's version, what the database's text defaults to. */
  circumstances(queryRunner: QueryRunner): Promise<string>;
  /**
   * Tables and their rows, views, triggers, routines; the same for two databases that are the same. A text that is the
   * name of the database itself is told as such. Changes settings of the session.
   * @throws NotToBeCopiedError
   */
  dump(queryRunner: QueryRunner): Promise<readonly string[]>;
  /** Runs a dump in an empty database; on servers all of it in one round trip. Changes settings of the session. */
  replay(queryRunner: QueryRunner, dump: readonly string[]): Promise<void>;
}

/** A database that cannot be told in statements, or has so many rows that whoever made them had better make them again. */
export class NotToBeCopiedError extends Error {
  override readonly name = 'NotToBeCopiedError';
}

/** Rows that a dump has at most, of all tables together. */
const MOST_ROWS = 2_000;
/** Characters of its rows; what is kept of a dump must go into one packet of the central database's server. */
const MOST_TEXT = 1_000_000;
/** Characters of one INSERT, after which another begins. */
const ONE_INSERT = 65_536;

/** The rows of a database, told as INSERTs, until they are too many. */
export class DumpedRows {
  readonly statements: string[] = [];
  private rows = 0;
  private text = 0;

  /** How many more may be asked for, so that one too many is seen. */
  get limit(): number {
    return MOST_ROWS - this.rows + 1;
  }

  /**
   * @param head `INSERT INTO … VALUES `
   * @param rows each as its values, in SQL, in any order
   */
  add(head: string, rows: readonly string[]): void {
    this.rows += rows.length;
    this.text += rows.reduce((sum, row) => sum + row.length, 0);
    if (this.rows > MOST_ROWS || this.text > MOST_TEXT) {
      throw new NotToBeCopiedError(
        `its migrations put more than ${MOST_ROWS} rows or ${MOST_TEXT} characters into it`,
      );
    }
    let values: string[] = [];
    let length = 0;
    for (const row of rows.toSorted()) {
      if (length > ONE_INSERT) {
        this.statements.push(head + values.join(', '));
        values = [];
        length = 0;
      }
      values.push(`(${row})`);
      length += row.length;
    }
    if (values.length > 0) this.statements.push(head + values.join(', '));
  }
}
