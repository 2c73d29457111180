import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** What is known of the schemas of the tenants' databases, so that nobody has to open them to find out. */
export class CreateSchemas1000000000004 implements MigrationInterface {
  readonly name = 'CreateSchemas1000000000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
    const { type } = queryRunner.manager.connection.options;
    const isServer = type === 'mysql' || type === 'mariadb';
    const text = { type: isServer ? 'longtext' : 'text', ...(isServer && { charset: 'utf8mb4' }) };
    const schemas = new Table({
      name: 'tenancy_schemas',
      columns: [
        { name: 'tenant_id', type: 'varchar', length: '36', isPrimary: true },
        { name: 'fingerprint', type: 'varchar', length: '64' },
        { name: 'version', type: 'varchar', length: '255', isNullable: true },
        { name: 'applied', ...text },
        { name: 'half_way', ...text, isNullable: true },
        { name: 'failure', ...text, isNullable: true },
        { name: 'milliseconds', type: 'int', isNullable: true },
        { name: 'migrated_at', type: 'datetime', isNullable: true },
      ],
      indices: [{ name: 'tenancy_schemas_fingerprint', columnNames: ['fingerprint'] }],
      foreignKeys: [
        {
          name: 'tenancy_schemas_tenant_fk',
          columnNames: ['tenant_id'],
          referencedTableName: 'tenancy_tenants',
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
        },
      ],
    });
    await queryRunner.createTable(schemas, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('tenancy_schemas');
  }
}
