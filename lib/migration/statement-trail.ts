import { createHash } from 'node:crypto';
import { QueryFailedError, TypeORMError, type QueryRunner } from 'typeorm';
import type { SchemaChanges } from '../database/engines/engine.js';
import type { HalfWay, Statement } from '../tenant/tenant-schema.entity.js';

/** Characters of a statement that are kept for whoever looks into what was left half-way. */
const KEPT = 300;

type Query = QueryRunner['query'];
type Call = (...args: unknown[]) => Promise<unknown>;
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
  private done: Statement[];
  /** In force, and not met again yet in this try. */
  private readonly known: Statement[];
  /** In force or not, and not met again yet in this try. */
  private doubtful: readonly Statement[];
  private begun: readonly Statement[] = [];
  /** Rows written in the transaction that is open. */
  private uncommitted: Statement[] = [];
  private transactionOpen: boolean;
  private isInCall = false;

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
    return { done: this.done, begun: [...this.doubtful, ...this.begun] };
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
    const calls = SCHEMA_CALLS.map((name) => {
      const call = (Reflect.get(this.queryRunner, name) as Call).bind(this.queryRunner);
      return [name, (...args: unknown[]) => this.call(name, call, args)] as const;
    });
    Object.assign(this.queryRunner, { query: watched, ...Object.fromEntries(calls) });
    try {
      await work();
    } finally {
      for (const name of ['query', ...SCHEMA_CALLS]) {
        // What it shadowed is on the prototype.
        Reflect.deleteProperty(this.queryRunner, name);
      }
    }
  }

  /** The server has refused the statement that was begun, and has taken back what was not committed. */
  refused(): void {
    this.begun = [];
    this.uncommitted = [];
  }

  /**
   * A call such as `dropColumn`, whose statements TypeORM words by what it finds. One that came to its end is left out as a
   * whole: of a column that is gone it would say that there is none.
   */
  private async call(name: string, call: Call, args: unknown[]): Promise<unknown> {
    if (this.isInCall) return call(...args);
    const whole = statementOf(`${name}()`, args);
    if (this.isKnown(whole)) return undefined;
    const isBehind = this.known.length + this.doubtful.length > 0;
    const { length } = this.done;
    this.isInCall = true;
    try {
      await call(...args);
    } catch (error) {
      // All that it was to do is done, and only the record of that is missing.
      const finds = error instanceof TypeORMError && !(error instanceof QueryFailedError);
      if (!isBehind || !finds) throw error;
      this.doubtful = [];
    } finally {
      this.isInCall = false;
    }
    this.done = [...this.done.slice(0, length), whole];
    return undefined;
  }

  /** True for what an earlier try has done; once for each time that it did. */
  private isKnown({ hash }: Statement): boolean {
    const index = this.known.findIndex((known) => known.hash === hash);
    if (index >= 0) this.known.splice(index, 1);
    return index >= 0;
  }

  private async run(query: Query, sql: string, rest: unknown[]): Promise<unknown> {
    const ask = () => query(sql, ...(rest as [unknown[]?]));
    const kind = kindOf(sql);
    if (kind === 'passing') return ask();
    if (kind === 'transaction') return this.transact(ask, sql);
    const statement = statementOf(sql, rest[0]);
    if (this.isKnown(statement)) return nothingWritten(rest[1] === true);
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
    const wasBegun = this.doubtful.some(({ hash }) => hash === statement.hash);
    this.doubtful = this.doubtful.filter(({ hash }) => hash !== statement.hash);
    // TypeORM words what it is asked by what it finds: adding a column, it makes the indices anew that it finds on it.
    const isBehind = this.known.length > 0;
    await this.begin([statement]);
    const result = await ask().catch((error: unknown) => {
      if ((wasBegun || isBehind) && this.changes.isInEffect(error)) return [];
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

/** Whether running it again would tell if it had been done: DDL, of which each statement is done whole or not at all. */
export function canBeTried(begun: readonly Statement[]): boolean {
  return begun.every(({ sql }) => kindOf(sql) === 'schema');
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

/** The calls of a query runner that change schemas. */
const SCHEMA_CALLS = [
  ...['createTable', 'dropTable', 'renameTable', 'clearTable', 'createView', 'dropView'],
  ...['addColumn', 'addColumns', 'renameColumn', 'changeColumn', 'changeColumns'],
  ...['dropColumn', 'dropColumns', 'createPrimaryKey', 'updatePrimaryKeys', 'dropPrimaryKey'],
  ...['createUniqueConstraint', 'createUniqueConstraints', 'dropUniqueConstraint'],
  ...['dropUniqueConstraints', 'createCheckConstraint', 'createCheckConstraints'],
  ...['dropCheckConstraint', 'dropCheckConstraints', 'createForeignKey', 'createForeignKeys'],
  ...['dropForeignKey', 'dropForeignKeys', 'createIndex', 'createIndices', 'dropIndex'],
  'dropIndices',
];
