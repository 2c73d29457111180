import { QueryFailedError, TypeORMError, type QueryRunner } from 'typeorm';
import type { SchemaChanges } from '../database/engines/engine.js';
import type { HalfWay, Statement } from '../tenant/tenant-schema.entity.js';
import { isDdl, kindOf, nothingWritten, statementOf } from './statement.js';

type Query = QueryRunner['query'];
type Call = (...args: unknown[]) => Promise<unknown>;
type Progress = Pick<HalfWay, 'done' | 'begun'>;

/**
 * Where a migration has got to, on servers whose DDL commits by itself: told with every such statement, so that a process
 * that is killed leaves a record of what is in force, and of what may be. On the next try what is in force is left out.
 *
 * A statement and the word of it go out together, for that costs half the time. So of a process that is killed the first
 * statement or two that its record does not have may be in force, too: if they are, the server refuses them the next time.
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
  private transactionOpen = false;
  /** The first that it is asked opens the transaction of the migration. */
  private awaitsStart: boolean;
  /** What opens it. DDL would end it at once, so it goes out in front of the first of anything else. */
  private start?: () => Promise<unknown>;
  /** Nothing but DDL has gone out: there is nothing to commit. */
  private isAllDdl = true;
  private isRecording = false;
  /** How many statements may be in force that the record does not have: the word of one, and of the first, is late. */
  private untold: number;
  private isInCall = false;

  /**
   * @param before what an earlier try has left; undefined for the first
   * @param inTransactions whether what is written into tables is committed together
   * @param tell records the progress
   */
  constructor(
    private readonly queryRunner: QueryRunner,
    private readonly changes: SchemaChanges,
    before: Progress | undefined,
    private readonly inTransactions: boolean,
    private readonly tell: (progress: Progress) => Promise<void>,
  ) {
    this.done = [...(before?.done ?? [])];
    this.known = [...this.done];
    this.doubtful = before?.begun ?? [];
    if (before === undefined) this.untold = 0;
    else this.untold = before.done.length + before.begun.length === 0 ? 2 : 1;
    this.awaitsStart = inTransactions;
  }

  get progress(): Progress {
    return { done: this.done, begun: [...this.doubtful, ...this.begun] };
  }

  /**
   * Runs `work`, watching what the query runner is asked meanwhile, then `record`, which is no part of the trail. Together
   * they begin and commit the transaction of the migration, if it has one; where that does nothing it is not sent.
   */
  async watch(work: () => Promise<void>, record: () => Promise<void>): Promise<void> {
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
      this.isRecording = true;
      await record();
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
    const { isBehind } = this;
    const { length } = this.done;
    this.isInCall = true;
    try {
      await call(...args);
    } catch (error) {
      // All that it was to do is done, and only the record of that is missing.
      const finds = error instanceof TypeORMError && !(error instanceof QueryFailedError);
      if (!isBehind || !finds) throw error;
      // What is on record as begun, or the one thing after it.
      if (this.doubtful.length > 0) this.doubtful = [];
      else this.caughtUp();
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
    if (this.isRecording) return kind === 'transaction' && this.isAllDdl ? undefined : ask();
    if (this.awaitsStart) {
      this.awaitsStart = false;
      this.start = ask;
      return undefined;
    }
    if (!isDdl(sql)) await this.sendStart();
    if (kind === 'passing') return ask();
    if (kind === 'transaction') return this.transact(ask, sql);
    const statement = statementOf(sql, rest[0]);
    if (this.isKnown(statement)) return nothingWritten(rest[1] === true);
    const takenBack = kind === 'rows' || !this.changes.commitByThemselves;
    return takenBack && (this.inTransactions || this.transactionOpen)
      ? this.writeRows(query, ask, statement)
      : this.commit(query, ask, statement);
  }

  private async sendStart(): Promise<void> {
    const { start } = this;
    this.isAllDdl = false;
    this.start = undefined;
    if (start === undefined) return;
    await start();
    this.transactionOpen = true;
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
    // Their commit is told before anything that follows is sent.
    if (this.known.length === 0) this.untold = 0;
    return result;
  }

  /** A statement that commits by itself. Rows before it are committed first, so that at most one thing is in doubt. */
  private async commit(
    query: Query,
    ask: () => Promise<unknown>,
    statement: Statement,
  ): Promise<unknown> {
    const hadRows = this.uncommitted.length > 0;
    if (hadRows) {
      await this.begin(this.uncommitted);
      await query('COMMIT');
      this.settled();
    }
    this.transactionOpen = false;
    this.start = undefined;
    // TypeORM words what it is asked by what it finds: adding a column, it makes the indices anew that it finds on it.
    const { isBehind } = this;
    const wasBegun = this.doubtful.some(({ hash }) => hash === statement.hash);
    if (wasBegun) this.doubtful = this.doubtful.filter(({ hash }) => hash !== statement.hash);
    else if (this.known.length === 0) this.caughtUp();
    // Of rows no server tells whether they are there, so the word of their commit must not be late.
    if (hadRows) await this.begin([statement]);
    // Of the first, the word that the migration has begun tells as much.
    const isFirst = this.done.length + this.doubtful.length === 0;
    if (isFirst) this.begun = [statement];
    const telling = hadRows || isFirst ? undefined : this.begin([statement]);
    const [result, told] = await Promise.allSettled([ask(), telling]);
    if (result.status === 'rejected') {
      if (!isBehind || !this.changes.isInEffect(result.reason)) throw result.reason;
    }
    this.settled();
    if (told.status === 'rejected') throw told.reason;
    return result.status === 'fulfilled' ? result.value : [];
  }

  /** True up to the point that an earlier try has come to. */
  private get isBehind(): boolean {
    return this.untold + this.known.length + this.doubtful.length > 0;
  }

  /** Past the record: one more that it does not have. */
  private caughtUp(): void {
    this.untold = Math.max(0, this.untold - 1);
    this.doubtful = [];
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

/** The calls of a query runner that change schemas. */
const SCHEMA_CALLS = `
  createTable dropTable renameTable clearTable createView dropView addColumn addColumns
  renameColumn changeColumn changeColumns dropColumn dropColumns createPrimaryKey
  updatePrimaryKeys dropPrimaryKey createUniqueConstraint createUniqueConstraints
  dropUniqueConstraint dropUniqueConstraints createCheckConstraint createCheckConstraints
  dropCheckConstraint dropCheckConstraints createForeignKey createForeignKeys dropForeignKey
  dropForeignKeys createIndex createIndices dropIndex dropIndices
`
  .trim()
  .split(/\s+/);
