import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

const id: TableColumnOptions = {
  name: 'id',
  type: 'integer',
  isPrimary: true,
  isGenerated: true,
  generationStrategy: 'increment',
};

/** Runs on SQLite, MariaDB and MySQL. */
export class CreateProjects1700000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'project',
        columns: [
          id,
          { name: 'name', type: 'varchar', length: '100' },
          { name: 'taskCount', type: 'integer', default: 0 },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'task',
        columns: [
          id,
          { name: 'title', type: 'varchar', length: '200' },
          { name: 'done', type: 'boolean', default: false },
          { name: 'projectId', type: 'integer' },
        ],
        foreignKeys: [
          {
            columnNames: ['projectId'],
            referencedTableName: 'project',
            referencedColumnNames: ['id'],
            onDelete: 'CASCADE',
          },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('task');
    await queryRunner.dropTable('project');
  }
}
