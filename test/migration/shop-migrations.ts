import { Table, TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';

// What the tenants of these tests get: a table; then a column, rows and an index, in one migration of several statements.

export class CreateShops1700000000001 implements MigrationInterface {
  readonly name = 'CreateShops1700000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    const id = { name: 'id', type: 'int', isPrimary: true };
    await queryRunner.createTable(new Table({ name: 'shops', columns: [id] }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('shops');
  }
}

export class OpenShops1700000000002 implements MigrationInterface {
  readonly name = 'OpenShops1700000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    const opened = new TableColumn({ name: 'opened', type: 'int', default: 0 });
    await queryRunner.addColumn('shops', opened);
    await queryRunner.query('INSERT INTO shops (id, opened) VALUES (1, 0)');
    await queryRunner.query('UPDATE shops SET opened = opened + 1');
    await queryRunner.query('CREATE TABLE tills (id int PRIMARY KEY)');
    await queryRunner.query('CREATE INDEX shops_opened ON shops (opened)');
    await queryRunner.query('UPDATE shops SET opened = opened + 1');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE tills');
    await queryRunner.query('DELETE FROM shops');
    await queryRunner.dropIndex('shops', 'shops_opened');
    await queryRunner.dropColumn('shops', 'opened');
  }
}

/** Fails in its third statement for the tenants that have a table `broken`. */
export class StockShops1700000000003 implements MigrationInterface {
  readonly name = 'StockShops1700000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE shelves (id int PRIMARY KEY)');
    await queryRunner.query('INSERT INTO shelves (id) VALUES (1)');
    if (await queryRunner.hasTable('broken')) await queryRunner.query('DROP TABLE no_such_table');
    await queryRunner.query('CREATE TABLE goods (id int PRIMARY KEY)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE goods');
    await queryRunner.query('DROP TABLE shelves');
  }
}
