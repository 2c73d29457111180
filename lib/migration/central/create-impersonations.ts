import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

const IMPERSONATIONS = 'tenancy_impersonations';

/** The tokens with which operators act in the place of tenants' users. */
export class CreateImpersonations1000000000015 implements MigrationInterface {
  readonly name = 'CreateImpersonations1000000000015';

  async up(queryRunner: QueryRunner): Promise<void> {
    // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
    const { type } = queryRunner.manager.connection.options;
    const isServer = type === 'mysql' || type === 'mariadb';
    const charset = isServer ? { charset: 'utf8mb4' } : {};
    const text = { type: 'varchar', ...charset };
    const table = new Table({
      name: IMPERSONATIONS,
      columns: [
        { name: 'id', type: 'varchar', length: '36', isPrimary: true },
        { name: 'token_hash', type: 'varchar', length: '64' },
        { name: 'tenant_id', type: 'varchar', length: '36' },
        { name: 'user_id', length: '255', ...text },
        { name: 'actor', length: '255', ...text },
        { name: 'reason', length: '500', ...text, isNullable: true },
        { name: 'read_only', type: 'int' },
        { name: 'duration', type: 'int' },
        { name: 'expires_at', type: 'bigint' },
        { name: 'redeemed_at', type: 'bigint', isNullable: true },
      ],
      indices: [
        { name: 'tenancy_impersonations_tenant', columnNames: ['tenant_id'] },
        { name: 'tenancy_impersonations_expiry', columnNames: ['expires_at'] },
      ],
      uniques: [{ name: 'tenancy_impersonations_token', columnNames: ['token_hash'] }],
      foreignKeys: [
        {
          name: 'tenancy_impersonations_tenant_fk',
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
    await queryRunner.dropTable(IMPERSONATIONS);
  }
}
