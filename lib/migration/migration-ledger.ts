import { Migration, MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';
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

  async add({ timestamp, name, instance }: KnownMigration): Promise<void> {
    await this.executor.insertMigration(new Migration(undefined, timestamp, name, instance));
  }

  async remove({ timestamp, name, instance }: KnownMigration): Promise<void> {
    await this.executor.deleteMigration(new Migration(undefined, timestamp, name, instance));
  }
}

class Executor extends MigrationExecutor {
  read(queryRunner: QueryRunner): Promise<Migration[]> {
    return this.loadExecutedMigrations(queryRunner);
  }

  createTable(queryRunner: QueryRunner): Promise<void> {
    return this.createMigrationsTableIfNotExist(queryRunner);
  }
}
