import type BetterSqlite3 from 'better-sqlite3';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformTools } from 'typeorm/platform/PlatformTools.js';
import type { ResolvedServer } from '../../../options/resolve.js';
import { DatabaseMissingError } from '../../errors.js';
import type { SessionTarget } from '../../pool/pooled-connection.js';
import type { ServerEngine } from '../engine.js';
import { FileWriteLock } from './file-write-lock.js';
import { SqliteAdministration } from './sqlite-administration.js';
import { SqliteSchemaChanges } from './sqlite-schema-changes.js';
import { SqliteConnection, type SqliteHandle } from './sqlite-connection.js';

/** A folder of SQLite files, one per database, in write-ahead mode: readers do not wait for the writer. */
export class SqliteEngine implements ServerEngine {
  /** Loaded the way TypeORM loads it, so that both have the same copy, and only when a folder needs it. */
  private readonly sqlite = PlatformTools.load('better-sqlite3') as typeof BetterSqlite3;
  /** Of the files that are open. */
  private readonly writeLocks = new Map<string, FileWriteLock>();

  constructor(
    private readonly server: ResolvedServer,
    private readonly folder: string,
  ) {}

  async open({ database }: SessionTarget): Promise<SqliteConnection> {
    return new SqliteConnection(
      this.openHandle(database),
      (other) => this.openHandle(other),
      this.server.acquireTimeout,
    );
  }

  administer(): SqliteAdministration {
    return new SqliteAdministration(this.sqlite, this.server.name, (database) =>
      fileOf(this.folder, database),
    );
  }

  get schemaChanges(): SqliteSchemaChanges {
    return new SqliteSchemaChanges(this.administer());
  }

  private openHandle(database: string): SqliteHandle {
    const file = fileOf(this.folder, database);
    const inode = statSync(file, { throwIfNoEntry: false })?.ino;
    if (inode === undefined) throw new DatabaseMissingError(this.server.name, database);
    const sqlite = new this.sqlite(file, {
      ...this.server.connection,
      fileMustExist: true,
      // Never wait inside SQLite, where waiting stops the process: the query runner waits.
      timeout: 0,
    });
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('foreign_keys = ON');
    const writeLock = this.writeLockOf(file);
    writeLock.handles += 1;
    const close = () => {
      if (!sqlite.open) return;
      sqlite.close();
      writeLock.handles -= 1;
      if (writeLock.handles === 0) this.writeLocks.delete(file);
    };
    return { file, inode, sqlite, writeLock, close };
  }

  private writeLockOf(file: string): FileWriteLock {
    const lock = this.writeLocks.get(file) ?? new FileWriteLock(file);
    this.writeLocks.set(file, lock);
    return lock;
  }
}

function fileOf(folder: string, database: string): string {
  return join(folder, `${database}.sqlite`);
}
