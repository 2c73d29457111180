import { createHash } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import type { SchemaChanges } from '../database/engines/engine.js';
import type { HalfWay, Statement } from '../tenant/tenant-schema.entity.js';

/** Characters of a statement that are kept for whoever looks into what was left half-way. */
const KEPT = 300;

type Query = QueryRunner['query'];
type Progress = Pick<HalfWay, 'done' | 'begun'>;

/**
 * Where a migration has got to, on servers whose DDL commits by itself: told before every such statement, so that a
 * process that is killed leaves a record of what is in force, and of the one statement that may be. On the next try what
 * is in force is left out.
 *
 * What a migration writes into tables goes into a transaction, a new one after each DDL statement; the last of them also
 * records the migration. So rows are written once, too.
 */
export class StatementTrail {
  private readonly done: Statement[];
  /** In force, and not met again yet in this try. */
  private readonly known: Statement[];
  private readonly doubtful: readonly Statement[];
  private begun: readonly Statement[] = [];
  /** Rows written in the transaction that is open. */
  private uncommitted: Statement[] = [];
  private transactionOpen: boolean;

  /**
   * @param before what an earlier try has left
   * @param inTransactions whether what is written into tables is committed together
   * @param tell records the progress; awaited before what it tells of is done
   */
  constructor(
    private readonly queryRunner: QueryRunner,
    private readonly changes: SchemaChanges,
    before: Progress,
    private readonly inTransactions: boolean,
    private readonly tell: (progress: Progress) => Promise<void>,
  ) {
    this.done = [...before.done];
    this.known = [...before.done];
    this.doubtful = before.begun;
    this.transactionOpen = inTransactions;
  }

  get progress(): Progress {
    return { done: this.done, begun: this.begun };
  }

  /** Runs `work`, watching what the query runner is asked meanwhile. */
  async watch(work: () => Promise<void>): Promise<void> {
    const query: Query = this.queryRunner.query.bind(this.queryRunner);
    // One after the other: a migration may ask without waiting.
    let last: Promise<unknown> = Promise.resolve();
    const watched = (sql: string, ...rest: unknown[]) => {
      const turn = last.then(() => this.run(query, sql, rest));
      last = turn.catch(() => {});
      return turn;
    };
    Object.assign(this.queryRunner, { query: watched });
    try {
      await work();
    } finally {
      Object.assign(this.queryRunner, { query });
    }
  }

  /** The server has refused the statement that was begun, and has taken back what was not committed. */
  refused(): void {
    this.begun = [];
    this.uncommitted = [];
  }

  private async run(query: Query, sql: string, rest: unknown[]): Promise<unknown> {
    const ask = () => query(sql, ...(rest as [unknown[]?]));
    const kind = kindOf(sql);
    if (kind === 'passing') return ask();
    if (kind === 'transaction') return this.transact(ask, sql);
    const statement = statementOf(sql, rest[0]);
    const index = this.known.findIndex(({ hash }) => hash === statement.hash);
    if (index >= 0) {
      this.known.splice(index, 1);
      return nothingWritten(rest[1] === true);
    }
    const takenBack = kind === 'rows' || !this.changes.commitByThemselves;
    return takenBack && (this.inTransactions || this.transactionOpen)
      ? this.writeRows(query, ask, statement)
      : this.commit(query, ask, statement);
  }

  private async transact(ask: () => Promise<unknown>, sql: string): Promise<unknown> {
    const commits = /^\s*commit\b/i.test(sql) && this.uncommitted.length > 0;
    if (commits) await this.begin(this.uncommitted);
    const result = await ask();
    if (commits) this.settled();
    if (/^\s*rollback\b(?!\s+to)/i.test(sql)) this.uncommitted = [];
    if (!/^\s*(savepoint|release|rollback\s+to)\b/i.test(sql)) {
      this.transactionOpen = /^\s*(start|begin)\b/i.test(sql);
    }
    return result;
  }

  private async writeRows(
    query: Query,
    ask: () => Promise<unknown>,
    statement: Statement,
  ): Promise<unknown> {
    if (!this.transactionOpen) {
      await query('START TRANSACTION');
      this.transactionOpen = true;
    }
    const result = await ask();
    this.uncommitted.push(statement);
    return result;
  }

  /** A statement that commits by itself. Rows before it are committed first, so that at most one thing is in doubt. */
  private async commit(
    query: Query,
    ask: () => Promise<unknown>,
    statement: Statement,
  ): Promise<unknown> {
    if (this.uncommitted.length > 0) {
      await this.begin(this.uncommitted);
      await query('COMMIT');
      this.settled();
    }
    this.transactionOpen = false;
    await this.begin([statement]);
    const result = await ask().catch((error: unknown) => {
      const mayBeDone = this.doubtful.some(({ hash }) => hash === statement.hash);
      if (mayBeDone && this.changes.isInEffect(error)) return [];
      throw error;
    });
    this.settled();
    return result;
  }

  private async begin(statements: readonly Statement[]): Promise<void> {
    this.begun = statements;
    await this.tell(this.progress);
  }

  private settled(): void {
    this.done.push(...this.begun);
    this.begun = [];
    this.uncommitted = [];
  }
}

/** Whether running it again would tell if it had been done: a single DDL statement, which is done whole or not at all. */
export function canBeTried(begun: readonly Statement[]): boolean {
  return begun.length === 0 || (begun.length === 1 && kindOf(begun[0].sql) === 'schema');
}

/** What only reads or concerns the session alone; the limits of transactions; what writes rows; all else, which commits. */
export function kindOf(sql: string): 'passing' | 'transaction' | 'rows' | 'schema' {
  if (PASSING.test(sql)) return 'passing';
  if (TRANSACTION.test(sql)) return 'transaction';
  if (/^\s*with\b/i.test(sql))
    return /\b(insert|update|delete|replace)\b/i.test(sql) ? 'rows' : 'passing';
  return ROWS.test(sql) ? 'rows' : 'schema';
}

const PASSING =
  /^[\s(]*(select|show|desc|describe|explain|set|use|pragma|(create|drop)\s+temporary)\b/i;
const TRANSACTION = /^\s*(start\s+transaction|begin|commit|rollback|savepoint|release)\b/i;
const ROWS = /^\s*(insert|update|delete|replace|load|call|do)\b/i;

function statementOf(sql: string, values: unknown): Statement {
  const hash = createHash('sha256')
    .update(JSON.stringify([sql, values ?? []]))
    .digest('hex');
  return { sql: sql.trim().slice(0, KEPT), hash: hash.slice(0, 16) };
}

/** The answer to a statement that is left out, in the form that TypeORM asks for. */
export function nothingWritten(structured: boolean): unknown {
  return structured ? { raw: { affectedRows: 0, insertId: 0 }, records: [], affected: 0 } : [];
}
