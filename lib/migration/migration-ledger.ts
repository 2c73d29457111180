import { Migration, MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';
import type { SchemaBuilder } from 'typeorm/schema-builder/SchemaBuilder.js';
import type { KnownMigration } from './known-migrations.js';

/** TypeORM's own table of what a database has, read and written in one session. */
export class MigrationLedger {
  private readonly executor: Executor;

  constructor(
    private readonly dataSource: DataSource,
    private readonly queryRunner: QueryRunner,
  ) {
    this.executor = new Executor(dataSource, queryRunner);
  }

  /** The names of what was applied, in the order in which it was. */
  async executed(): Promise<readonly string[]> {
    const migrations = await this.executor.getExecutedMigrations();
    return migrations.map(({ name }) => name).toReversed();
  }

  /** Makes the tables that TypeORM keeps its own records in, where they are not there. */
  async prepare(): Promise<void> {
    await this.executor.createTable(this.queryRunner);
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
  createTable(queryRunner: QueryRunner): Promise<void> {
    return this.createMigrationsTableIfNotExist(queryRunner);
  }
}
