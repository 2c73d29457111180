import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Who tenants' sessions are logged in as, where each has an account of its own. The secrets are encrypted. */
export class CreateCredentials1000000000003 implements MigrationInterface {
  readonly name = 'CreateCredentials1000000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    const credentials = new Table({
      name: 'tenancy_credentials',
      columns: [
        { name: 'tenant_id', type: 'varchar', length: '36', isPrimary: true },
        { name: 'user', type: 'varchar', length: '32', isNullable: true },
        { name: 'secret', type: 'varchar', length: '255', isNullable: true },
        { name: 'unused_user', type: 'varchar', length: '32', isNullable: true },
        { name: 'rotated_at', type: 'datetime', isNullable: true },
      ],
      foreignKeys: [
        {
          name: 'tenancy_credentials_tenant_fk',
          columnNames: ['tenant_id'],
          referencedTableName: 'tenancy_tenants',
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
        },
      ],
    });
    await queryRunner.createTable(credentials, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('tenancy_credentials');
  }
}
