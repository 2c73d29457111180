import { Name } from '../workspace/names.js';

/** A column as TypeORM's `TableColumn` takes it, written as code. */
const NAME_COLUMN = "{ name: 'name', type: 'varchar', length: '100' }";

/** The source of a migration. What its name says it does, it does: `create-notes`, `add-phone-to-contacts`. */
export function migrationContent(className: string, name: Name): string {
  const created = /^create-(.+)$/.exec(name.dashed)?.[1];
  if (created !== undefined) return createTable(className, new Name(created).snake);
  const [, column, table] = /^add-(.+)-to-(.+)$/.exec(name.dashed) ?? [];
  if (column !== undefined && table !== undefined) {
    return addColumn(className, new Name(table).snake, new Name(column).snake);
  }
  return statements(className);
}

function createTable(className: string, table: string): string {
  return `import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

export class ${className} implements MigrationInterface {
  readonly name = '${className}';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: '${table}',
        columns: [
          {
            name: 'id',
            type: 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
          },
          ${NAME_COLUMN},
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('${table}');
  }
}
`;
}

function addColumn(className: string, table: string, column: string): string {
  return `import {
  TableColumn,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';

export class ${className} implements MigrationInterface {
  readonly name = '${className}';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.addColumn(
      '${table}',
      new TableColumn({
        name: '${column}',
        type: 'varchar',
        length: '255',
        isNullable: true,
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropColumn('${table}', '${column}');
  }
}
`;
}

function statements(className: string): string {
  return `import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Statements in their order. MySQL and MariaDB commit each that changes a table, so keep a migration small. */
const UP: readonly string[] = [];

/** What undoes them. */
const DOWN: readonly string[] = [];

export class ${className} implements MigrationInterface {
  readonly name = '${className}';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}
`;
}
