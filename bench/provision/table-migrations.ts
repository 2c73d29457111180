import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One migration for each table: as many as an app has after some years. */
export function tableMigrations(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const name = `CreateTable${index}${1_700_000_000_000 + index}`;
    return class implements MigrationInterface {
      readonly name = name;

      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(
          `CREATE TABLE table_${index} (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(100) NOT NULL,
             touches int NOT NULL DEFAULT 0, touched_at datetime NULL, INDEX by_name (name))`,
        );
      }

      async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`DROP TABLE table_${index}`);
      }
    };
  });
}
