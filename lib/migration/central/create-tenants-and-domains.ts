import {
  Table,
  TableForeignKey,
  TableIndex,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';

const TENANTS = 'tenancy_tenants';
const DOMAINS = 'tenancy_domains';

export class CreateTenantsAndDomains1000000000001 implements MigrationInterface {
  readonly name = 'CreateTenantsAndDomains1000000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: TENANTS,
        columns: [
          { name: 'id', type: 'varchar', length: '36', isPrimary: true },
          { name: 'slug', type: 'varchar', length: '63', isUnique: true },
          { name: 'name', type: 'varchar', length: '255' },
          { name: 'status', type: 'varchar', length: '16' },
          { name: 'server', type: 'varchar', length: '64' },
          { name: 'database_name', type: 'varchar', length: '64' },
          { name: 'database_origin', type: 'varchar', length: '16' },
          { name: 'step', type: 'varchar', length: '16' },
          { name: 'failure', type: 'text', isNullable: true },
          { name: 'settings', type: 'text' },
          { name: 'generation', type: 'int', default: 1 },
          { name: 'created_at', type: 'datetime', default: 'CURRENT_TIMESTAMP' },
          { name: 'updated_at', type: 'datetime', default: 'CURRENT_TIMESTAMP' },
          { name: 'deleted_at', type: 'datetime', isNullable: true },
        ],
        uniques: [{ name: 'tenancy_tenants_placement', columnNames: ['server', 'database_name'] }],
        indices: [{ name: 'tenancy_tenants_status', columnNames: ['status'] }],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: DOMAINS,
        columns: [
          { name: 'host', type: 'varchar', length: '253', isPrimary: true },
          { name: 'tenant_id', type: 'varchar', length: '36' },
          {
            name: 'primary_of',
            type: 'varchar',
            length: '36',
            isNullable: true,
            isUnique: true,
          },
          { name: 'created_at', type: 'datetime', default: 'CURRENT_TIMESTAMP' },
        ],
      }),
    );
    await queryRunner.createIndex(
      DOMAINS,
      new TableIndex({ name: 'tenancy_domains_tenant', columnNames: ['tenant_id'] }),
    );
    await queryRunner.createForeignKey(
      DOMAINS,
      new TableForeignKey({
        name: 'tenancy_domains_tenant_fk',
        columnNames: ['tenant_id'],
        referencedTableName: TENANTS,
        referencedColumnNames: ['id'],
        onDelete: 'CASCADE',
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(DOMAINS);
    await queryRunner.dropTable(TENANTS);
  }
}
