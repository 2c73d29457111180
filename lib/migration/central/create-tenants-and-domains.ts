import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

const TENANTS = 'tenancy_tenants';
const DOMAINS = 'tenancy_domains';

/**
 * One statement per table, and none for a table that is there: MySQL and MariaDB commit each by itself, so a process
 * that is killed in between leaves the first table without the second.
 */
export class CreateTenantsAndDomains1000000000001 implements MigrationInterface {
  readonly name = 'CreateTenantsAndDomains1000000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { exact, anyCase, anyText } = charactersOf(queryRunner);
    const tenants = new Table({
      name: TENANTS,
      columns: [
        { name: 'id', type: 'varchar', length: '36', isPrimary: true },
        { name: 'slug', type: 'varchar', length: '63', isUnique: true, ...exact },
        { name: 'name', type: 'varchar', length: '255', ...anyText },
        { name: 'status', type: 'varchar', length: '16' },
        { name: 'server', type: 'varchar', length: '64', ...exact },
        // On some file systems `a` and `A` are one database.
        { name: 'database_name', type: 'varchar', length: '64', ...anyCase },
        { name: 'database_origin', type: 'varchar', length: '16' },
        { name: 'step', type: 'varchar', length: '16' },
        { name: 'failure', type: 'text', isNullable: true, ...anyText },
        { name: 'settings', type: 'text', ...anyText },
        { name: 'generation', type: 'int', default: 1 },
        { name: 'created_at', type: 'datetime', default: 'CURRENT_TIMESTAMP' },
        { name: 'updated_at', type: 'datetime', default: 'CURRENT_TIMESTAMP' },
        { name: 'deleted_at', type: 'datetime', isNullable: true },
      ],
      uniques: [{ name: 'tenancy_tenants_placement', columnNames: ['server', 'database_name'] }],
      indices: [{ name: 'tenancy_tenants_status', columnNames: ['status'] }],
    });
    const domains = new Table({
      name: DOMAINS,
      columns: [
        { name: 'host', type: 'varchar', length: '253', isPrimary: true, ...exact },
        { name: 'tenant_id', type: 'varchar', length: '36' },
        { name: 'primary_of', type: 'varchar', length: '36', isNullable: true, isUnique: true },
        { name: 'created_at', type: 'datetime', default: 'CURRENT_TIMESTAMP' },
      ],
      indices: [{ name: 'tenancy_domains_tenant', columnNames: ['tenant_id'] }],
      foreignKeys: [
        {
          name: 'tenancy_domains_tenant_fk',
          columnNames: ['tenant_id'],
          referencedTableName: TENANTS,
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
        },
      ],
    });
    await queryRunner.createTable(tenants, true);
    await queryRunner.createTable(domains, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(DOMAINS);
    await queryRunner.dropTable(TENANTS);
  }
}

type Characters = Pick<TableColumnOptions, 'charset' | 'collation'>;

/**
 * What a column can hold and how it compares, whatever the database's default is: on servers that may be Latin-1, and
 * letters of all cases and accents equal.
 */
function charactersOf(
  queryRunner: QueryRunner,
): Record<'exact' | 'anyCase' | 'anyText', Characters> {
  // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
  const { type } = queryRunner.manager.connection.options;
  if (type !== 'mysql' && type !== 'mariadb') {
    return { exact: {}, anyCase: { collation: 'NOCASE' }, anyText: {} };
  }
  const charset = 'utf8mb4';
  return {
    exact: { charset, collation: 'utf8mb4_bin' },
    anyCase: { charset, collation: 'utf8mb4_general_ci' },
    anyText: { charset },
  };
}
