import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

const MAINTENANCE = 'tenancy_maintenance';

/** When tenants are in maintenance, and who is served all the same. */
export class CreateMaintenance1000000000012 implements MigrationInterface {
  readonly name = 'CreateMaintenance1000000000012';

  async up(queryRunner: QueryRunner): Promise<void> {
    // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
    const { type } = queryRunner.manager.connection.options;
    const isServer = type === 'mysql' || type === 'mariadb';
    const charset = isServer ? { charset: 'utf8mb4' } : {};
    const table = new Table({
      name: MAINTENANCE,
      columns: [
        { name: 'id', type: 'varchar', length: '36', isPrimary: true },
        { name: 'tenant_id', type: 'varchar', length: '36', isNullable: true },
        { name: 'begins_at', type: 'bigint' },
        { name: 'ends_at', type: 'bigint', isNullable: true },
        { name: 'told', type: 'int', default: 0 },
        { name: 'message', type: 'varchar', length: '500', isNullable: true, ...charset },
        { name: 'retry_after', type: 'int' },
        { name: 'allowed', type: 'text' },
        { name: 'bypass_hash', type: 'varchar', length: '64', isNullable: true },
        { name: 'set_at', type: 'bigint' },
      ],
      indices: [{ name: 'tenancy_maintenance_tenant', columnNames: ['tenant_id'] }],
      foreignKeys: [
        {
          name: 'tenancy_maintenance_tenant_fk',
          columnNames: ['tenant_id'],
          referencedTableName: 'tenancy_tenants',
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
        },
      ],
    });
    await queryRunner.createTable(table, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(MAINTENANCE);
  }
}
