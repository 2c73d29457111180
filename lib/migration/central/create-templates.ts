import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** What new tenants' databases are made from, for each server and each version of the schema. */
export class CreateTemplates1000000000005 implements MigrationInterface {
  readonly name = 'CreateTemplates1000000000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
    const { type } = queryRunner.manager.connection.options;
    const isServer = type === 'mysql' || type === 'mariadb';
    const charset = isServer ? { charset: 'utf8mb4' } : {};
    const exact = isServer ? { ...charset, collation: 'utf8mb4_bin' } : {};
    const text = { type: isServer ? 'longtext' : 'text', ...charset };
    const templates = new Table({
      name: 'tenancy_templates',
      columns: [
        { name: 'server', type: 'varchar', length: '64', isPrimary: true, ...exact },
        { name: 'fingerprint', type: 'varchar', length: '64', isPrimary: true },
        { name: 'circumstances', type: 'varchar', length: '255', ...exact },
        { name: 'state', type: 'varchar', length: '16' },
        { name: 'made_from', type: 'varchar', length: '36' },
        { name: 'dump', ...text },
        { name: 'refusal', ...text, isNullable: true },
        { name: 'made_at', type: 'datetime' },
      ],
    });
    await queryRunner.createTable(templates, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('tenancy_templates');
  }
}
