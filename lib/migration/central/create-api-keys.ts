import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** The keys that programs ask with, of tenants and central ones: their beginnings and hashes. */
export class CreateApiKeys1000000000013 implements MigrationInterface {
  readonly name = 'CreateApiKeys1000000000013';

  async up(queryRunner: QueryRunner): Promise<void> {
    // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
    const { type } = queryRunner.manager.connection.options;
    const isServer = type === 'mysql' || type === 'mariadb';
    const charset = isServer ? { charset: 'utf8mb4' } : {};
    const keys = new Table({
      name: 'tenancy_api_keys',
      columns: [
        { name: 'id', type: 'varchar', length: '16', isPrimary: true },
        { name: 'tenant_id', type: 'varchar', length: '36', isNullable: true },
        { name: 'name', type: 'varchar', length: '100', ...charset },
        { name: 'prefix', type: 'varchar', length: '64' },
        { name: 'hash', type: 'varchar', length: '64' },
        { name: 'scopes', type: 'text' },
        { name: 'requests_per_minute', type: 'int', isNullable: true },
        { name: 'created_at', type: 'bigint' },
        { name: 'expires_at', type: 'bigint', isNullable: true },
        { name: 'revoked_at', type: 'bigint', isNullable: true },
        { name: 'replaced_by', type: 'varchar', length: '16', isNullable: true },
        { name: 'last_used_at', type: 'bigint', isNullable: true },
      ],
      indices: [{ name: 'tenancy_api_keys_owner', columnNames: ['tenant_id', 'created_at'] }],
      foreignKeys: [
        {
          name: 'tenancy_api_keys_tenant_fk',
          columnNames: ['tenant_id'],
          referencedTableName: 'tenancy_tenants',
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
        },
      ],
    });
    await queryRunner.createTable(keys, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('tenancy_api_keys');
  }
}
