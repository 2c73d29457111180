import { Migration, MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';
import type { NamedRow } from '../database/engines/engine.js';
import type { SchemaBuilder } from 'typeorm/schema-builder/SchemaBuilder.js';
import type { KnownMigration } from './known-migrations.js';

/** TypeORM's own table of what a database has, read and written in one session. */
export class MigrationLedger {
  private readonly executor: Executor;
  private hasTable = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly queryRunner: QueryRunner,
  ) {
    this.executor = new Executor(dataSource, queryRunner);
  }

  /** What {@link executed} gives, of rows that {@link selectionOf} has read. */
  given(rows: readonly NamedRow[]): readonly string[] {
    this.hasTable = rows.length > 0;
    return rows.toSorted((a, b) => Number(a.id) - Number(b.id)).map(({ name }) => name);
  }

  /**
   * The names of what was applied, in the order in which it was.
   * @param isNew whether TypeORM's table is likely not there: else it is read without being looked for first
   */
  async executed(isNew: boolean): Promise<readonly string[]> {
    const migrations = isNew
      ? await this.executor.getExecutedMigrations()
      : await this.executor
          .read(this.queryRunner)
          .catch(() => this.executor.getExecutedMigrations());
    this.hasTable = migrations.length > 0;
    return migrations.map(({ name }) => name).toReversed();
  }

  /** Makes the tables that TypeORM keeps its own records in, where they are not there. */
  async prepare(): Promise<void> {
    if (!this.hasTable) await this.executor.createTable(this.queryRunner);
    // Not in the interface: of the expressions of views and generated columns, where the app has some.
    const builder = this.dataSource.driver.createSchemaBuilder() as SchemaBuilder & {
      createMetadataTableIfNecessary?(queryRunner: QueryRunner): Promise<void>;
    };
    await builder.createMetadataTableIfNecessary?.(this.queryRunner);
  }

  /** Once for every migration of every tenant: a query builder would take longer than the server does. */
  async add({ timestamp, name }: KnownMigration): Promise<void> {
    const { driver } = this.dataSource;
    const columns = [driver.escape('timestamp'), driver.escape('name')].join(', ');
    await this.queryRunner.query(
      `INSERT INTO ${tableOf(this.dataSource)} (${columns}) VALUES (?, ?)`,
      [timestamp, name],
    );
  }

  async remove({ timestamp, name, instance }: KnownMigration): Promise<void> {
    await this.executor.deleteMigration(new Migration(undefined, timestamp, name, instance));
  }
}

/** The SELECT of what was applied, for {@link MigrationLedger.given}. */
export function selectionOf(dataSource: DataSource): string {
  const { driver } = dataSource;
  return `SELECT ${driver.escape('id')}, ${driver.escape('name')} FROM ${tableOf(dataSource)}`;
}

function tableOf({ driver, options }: DataSource): string {
  return driver.escape(options.migrationsTableName ?? 'migrations');
}

class Executor extends MigrationExecutor {
  read(queryRunner: QueryRunner): Promise<Migration[]> {
    return this.loadExecutedMigrations(queryRunner);
  }

  createTable(queryRunner: QueryRunner): Promise<void> {
    return this.createMigrationsTableIfNotExist(queryRunner);
  }
}
