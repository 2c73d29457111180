import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One migration of three statements: what a tenant gets here, through this package and by plain SQL. */
export const ADD_INVOICES = [
  'CREATE TABLE invoice (id int NOT NULL PRIMARY KEY, total int NOT NULL, paid_at datetime NULL)',
  'ALTER TABLE project ADD COLUMN budget int NOT NULL DEFAULT 0',
  'CREATE INDEX invoice_paid_at ON invoice (paid_at)',
] as const;

export class AddInvoices1700000000001 implements MigrationInterface {
  readonly name = 'AddInvoices1700000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of ADD_INVOICES) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE invoice');
    await queryRunner.query('ALTER TABLE project DROP COLUMN budget');
  }
}
