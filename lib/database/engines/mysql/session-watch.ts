/**
 * Tells from the statements of a lease whether they may have left something in the session. Errs on the side of a
 * needless reset: what is not known to be clean is not. Needed only between two leases of one tenant; a connection that
 * goes to another tenant is reset whatever was seen.
 */
export class SessionWatch {
  private changed = false;
  private inTransaction = false;

  get soiled(): boolean {
    return this.changed || this.inTransaction;
  }

  see(sql: string): void {
    if (this.changed) return;
    if (MORE_THAN_ONE.test(sql)) {
      this.changed = true;
    } else if (LEAVES_NOTHING.test(sql)) {
      this.changed = REACHES_THE_SESSION.test(sql);
    } else if (BEGINS.test(sql)) {
      this.inTransaction = true;
    } else if (ENDS.test(sql)) {
      this.inTransaction = false;
    } else {
      this.changed = true;
    }
  }
}

const LEAVES_NOTHING =
  /^\s*(?:select|insert|update|delete|replace|with|show|explain|savepoint|release\s+savepoint|rollback\s+to)\b/i;
/** With `multipleStatements` only the first would be looked at. A `;` in a text costs a needless reset. */
const MORE_THAN_ONE = /;\s*\S/;
/** `BEGIN NOT ATOMIC …` is a block of statements instead, on MariaDB. */
const BEGINS = /^\s*(?:start\s+transaction\b|begin(?:\s+work)?\s*;?\s*$)/i;
const ENDS = /^\s*(?:commit|rollback)\s*;?\s*$/i;
/**
 * What a statement that starts harmlessly can still do: `SELECT @x := 1`, `SELECT … INTO @x`, `SELECT GET_LOCK(…)`.
 * Comments may stand anywhere in between, so no more than the word is looked for.
 */
const REACHES_THE_SESSION = /@|\bget_lock\b|\blast_insert_id\s*\(\s*[^)\s]/i;
