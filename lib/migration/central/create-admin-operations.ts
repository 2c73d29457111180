import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** What the admin API has begun, and what came of it. Without a foreign key: it is begun before its tenant is there. */
export class CreateAdminOperations1000000000016 implements MigrationInterface {
  readonly name = 'CreateAdminOperations1000000000016';

  async up(queryRunner: QueryRunner): Promise<void> {
    // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
    const { type } = queryRunner.manager.connection.options;
    const isServer = type === 'mysql' || type === 'mariadb';
    const text = { type: isServer ? 'longtext' : 'text', ...(isServer && { charset: 'utf8mb4' }) };
    const operations = new Table({
      name: 'tenancy_admin_operations',
      columns: [
        { name: 'id', type: 'varchar', length: '64', isPrimary: true },
        { name: 'action', type: 'varchar', length: '64' },
        { name: 'tenant_id', type: 'varchar', length: '36', isNullable: true },
        { name: 'fingerprint', type: 'varchar', length: '64', isNullable: true },
        { name: 'state', type: 'varchar', length: '16' },
        { name: 'holder', type: 'varchar', length: '36' },
        { name: 'held_until', type: 'bigint' },
        { name: 'answer', ...text, isNullable: true },
        { name: 'began_at', type: 'bigint' },
        { name: 'ended_at', type: 'bigint', isNullable: true },
        { name: 'expires_at', type: 'bigint' },
      ],
      indices: [
        { name: 'tenancy_admin_operations_tenant', columnNames: ['tenant_id'] },
        { name: 'tenancy_admin_operations_expiry', columnNames: ['expires_at'] },
      ],
    });
    await queryRunner.createTable(operations, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('tenancy_admin_operations');
  }
}
