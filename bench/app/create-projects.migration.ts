import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The table of {@link Project}, for the migration below and for tenants that a bench creates in bulk. */
export const CREATE_PROJECT_TABLE = `CREATE TABLE project (
  id int NOT NULL PRIMARY KEY,
  name varchar(100) NOT NULL,
  touches int NOT NULL DEFAULT 0
)`;

export class CreateProjects1700000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(CREATE_PROJECT_TABLE);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE project');
  }
}
