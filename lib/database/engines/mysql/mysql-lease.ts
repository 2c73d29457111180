import type { Connection, Query, QueryError, QueryOptions } from 'mysql2';
import { AsyncResource } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import { currentContext, runInContext } from '../../../context/tenant-context.js';
import { LeaseReleasedError } from '../../errors.js';
import type { Lease } from '../../pool/pooled-connection.js';
import { isNoDatabaseSelected, isReadOnly } from './error-kinds.js';
import { pipeline, statement } from './pipeline.js';
import { SessionWatch } from './session-watch.js';

type Callback = (error: QueryError | null, result?: unknown, fields?: unknown) => void;
type Rows = readonly [result: unknown, fields: unknown];

/** The two commands of mysql2 in their widest form, in place of its many overloads. */
interface Commands {
  query(sql: string | QueryOptions, values: unknown, callback?: Callback): Query;
  execute(sql: string | QueryOptions, values: unknown, callback?: Callback): Query;
}

type CommandName = keyof Commands;

/** What a lease leaves behind for the connection to know. */
export interface LeaseReport {
  /** The session is not as it was. */
  readonly soiled: boolean;
  /** Something still runs on the connection, or it failed for good: not to be lent again. */
  readonly unusable: boolean;
  /** The server refused to write because it is a replica now. */
  readonly demoted: boolean;
}

/**
 * A mysql2 connection as a query runner sees it, for the time of one lease: afterwards it refuses, so that a connection
 * kept by mistake cannot reach the tenant that has it next.
 */
export class MysqlLease implements Lease {
  private readonly watch = new SessionWatch();
  private running = 0;
  private released = false;
  private unusable = false;
  private demoted = false;
  private promised?: PromisedMysqlLease;

  constructor(
    private readonly connection: Connection,
    private readonly giveBack: (report: LeaseReport) => void,
  ) {}

  get threadId(): number {
    return this.connection.threadId;
  }

  query(sql: string | QueryOptions, values?: unknown, callback?: Callback): Query {
    return this.command('query', sql, values, callback);
  }

  execute(sql: string | QueryOptions, values?: unknown, callback?: Callback): Query {
    return this.command('execute', sql, values, callback);
  }

  /** The same connection with promises; without mysql2's extra stack trace for every query. */
  promise(): PromisedMysqlLease {
    return (this.promised ??= new PromisedMysqlLease(this));
  }

  beginTransaction(callback?: Callback): void {
    this.query('START TRANSACTION', callback);
  }

  commit(callback?: Callback): void {
    this.query('COMMIT', callback);
  }

  rollback(callback?: Callback): void {
    this.query('ROLLBACK', callback);
  }

  ping(callback?: (error: QueryError | null) => void): void {
    this.refuseAfterRelease();
    this.connection.ping(callback);
  }

  escape(value: unknown): string {
    return this.connection.escape(value);
  }

  escapeId(name: string): string {
    return this.connection.escapeId(name);
  }

  format(sql: string, values?: unknown[]): string {
    return this.connection.format(sql, values);
  }

  on(event: string, listener: (...values: unknown[]) => void): this {
    this.connection.on(event, listener);
    return this;
  }

  removeListener(event: string, listener: (...values: unknown[]) => void): this {
    this.connection.removeListener(event, listener);
    return this;
  }

  listeners(event: string): unknown[] {
    return this.connection.listeners(event);
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.giveBack({
      soiled: this.watch.soiled,
      unusable: this.unusable || this.running > 0,
      demoted: this.demoted,
    });
  }

  /** Gives the connection back to be closed: what it was doing cannot be finished. */
  destroy(): void {
    this.unusable = true;
    this.release();
  }

  /** As mysql2's methods of that name, except that `answered` is called in the context of the socket. */
  send(name: CommandName, sql: string | QueryOptions, values: unknown, answered?: Callback): Query {
    this.refuseAfterRelease();
    this.watch.see(typeof sql === 'string' ? sql : sql.sql);
    this.running += 1;
    const commands: Commands = this.connection;
    if (answered === undefined) return this.follow(commands[name](sql, values));
    return commands[name](sql, values, (error, result, fields) => {
      this.running -= 1;
      if (error) this.judge(error);
      answered(error, result, fields);
    });
  }

  /**
   * A statement without a result set that nobody else is to read: mysql2 would show its text to whoever traces queries,
   * and put it into the error when it fails.
   */
  async sendUntold(sql: string): Promise<void> {
    await this.sendAll([sql]);
  }

  /**
   * The same of several statements, in one round trip; also those after one that failed are run.
   * @throws the first error that the server answered
   */
  async sendAll(statements: readonly string[]): Promise<void> {
    this.refuseAfterRelease();
    for (const sql of statements) this.watch.see(sql);
    this.running += 1;
    await pipeline(
      this.connection,
      statements.map((sql) => statement(this.connection, sql)),
    ).finally(() => {
      this.running -= 1;
    });
  }

  private command(
    name: CommandName,
    sql: string | QueryOptions,
    valuesOrCallback: unknown,
    callback?: Callback,
  ): Query {
    return typeof valuesOrCallback === 'function'
      ? this.send(name, sql, undefined, inThisContext(valuesOrCallback as Callback))
      : this.send(name, sql, valuesOrCallback, callback && inThisContext(callback));
  }

  /** A command without a callback is read through its events, or through a stream. */
  private follow(command: Query): Query {
    // The socket's events come in the context that opened the connection. The reader's is another.
    command.emit = AsyncResource.bind(command.emit.bind(command));
    command.once('end', () => (this.running -= 1));
    command.on('error', (error: QueryError) => this.judge(error));
    const stream = command.stream.bind(command);
    command.stream = (options): Readable => {
      const readable = stream(options);
      // mysql2 tells the connection that the link broke, and the command only when it has a callback.
      const breakDown = (error: Error) => readable.destroy(error);
      this.connection.once('error', breakDown);
      // A reader that goes away half-way (an aborted request) leaves rows on the wire, and TypeORM never releases.
      readable.once('close', () => {
        this.connection.removeListener('error', breakDown);
        if (this.running > 0) this.destroy();
      });
      return readable;
    };
    return command;
  }

  private judge(error: QueryError): void {
    if (isReadOnly(error)) this.demoted = true;
    if (error.fatal || isNoDatabaseSelected(error) || this.demoted) this.unusable = true;
  }

  private refuseAfterRelease(): void {
    if (this.released) throw new LeaseReleasedError();
  }
}

class PromisedMysqlLease {
  constructor(private readonly lease: MysqlLease) {}

  query(sql: string | QueryOptions, values?: unknown): Promise<Rows> {
    return this.send('query', sql, values);
  }

  execute(sql: string | QueryOptions, values?: unknown): Promise<Rows> {
    return this.send('execute', sql, values);
  }

  release(): void {
    this.lease.release();
  }

  private send(name: CommandName, sql: string | QueryOptions, values: unknown): Promise<Rows> {
    return new Promise((resolve, reject) => {
      this.lease.send(name, sql, values, (error, result, fields) => {
        if (error) reject(error);
        else resolve([result, fields]);
      });
    });
  }
}

/** The socket calls back in the context that the connection was opened in; the caller's is another. */
function inThisContext(callback: Callback): Callback {
  const context = currentContext();
  return context === undefined
    ? callback
    : (...answer) => runInContext(context, () => callback(...answer));
}
