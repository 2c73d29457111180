import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

const COUNTERS = 'tenancy_quota_counters';
const RESERVATIONS = 'tenancy_quota_reservations';
const LOG = 'tenancy_quota_log';

/** What tenants use: as it is counted, what is reserved, and what was used when and by what. */
export class CreateQuotas1000000000010 implements MigrationInterface {
  readonly name = 'CreateQuotas1000000000010';

  async up(queryRunner: QueryRunner): Promise<void> {
    const amount = (name: string): TableColumnOptions => ({ name, type: 'bigint', default: 0 });
    const counters = new Table({
      name: COUNTERS,
      columns: [
        ...counter({ isPrimary: true }),
        amount('taken'),
        amount('reserved'),
        { name: 'marks', type: 'int', default: 0 },
        { name: 'expires_at', type: 'bigint', isNullable: true },
      ],
      indices: [{ name: 'tenancy_quota_counters_expiry', columnNames: ['expires_at'] }],
      foreignKeys: [ofTenant(COUNTERS)],
    });
    const reservations = new Table({
      name: RESERVATIONS,
      columns: [
        { name: 'id', type: 'varchar', length: '36', isPrimary: true },
        ...counter(),
        amount('amount'),
        { name: 'until', type: 'bigint' },
      ],
      indices: [
        {
          name: 'tenancy_quota_reservations_counter',
          columnNames: ['tenant_id', 'quota_key', 'period'],
        },
      ],
      foreignKeys: [ofTenant(RESERVATIONS)],
    });
    const log = new Table({
      name: LOG,
      columns: [
        { name: 'id', type: 'varchar', length: '36', isPrimary: true },
        { name: 'tenant_id', type: 'varchar', length: '36' },
        { name: 'day', type: 'varchar', length: '10' },
        { name: 'quota_key', type: 'varchar', length: '64' },
        { name: 'source', type: 'varchar', length: '64' },
        amount('amount'),
        { name: 'uses', type: 'int', default: 0 },
      ],
      indices: [
        { name: 'tenancy_quota_log_tenant', columnNames: ['tenant_id', 'day'] },
        { name: 'tenancy_quota_log_day', columnNames: ['day'] },
      ],
      foreignKeys: [ofTenant(LOG)],
    });
    for (const table of [counters, reservations, log]) await queryRunner.createTable(table, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of [LOG, RESERVATIONS, COUNTERS]) await queryRunner.dropTable(name);
  }
}

/** What names one counter. */
function counter(column: Partial<TableColumnOptions> = {}): TableColumnOptions[] {
  return [
    { name: 'tenant_id', type: 'varchar', length: '36', ...column },
    { name: 'quota_key', type: 'varchar', length: '64', ...column },
    { name: 'period', type: 'varchar', length: '16', ...column },
  ];
}

function ofTenant(table: string) {
  return {
    name: `${table}_tenant_fk`,
    columnNames: ['tenant_id'],
    referencedTableName: 'tenancy_tenants',
    referencedColumnNames: ['id'],
    onDelete: 'CASCADE',
  };
}
