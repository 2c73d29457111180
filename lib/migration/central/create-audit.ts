import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

const CHAINS = 'tenancy_audit_chains';
const LOG = 'tenancy_audit_log';

/** What was done by whom, in one chain for each tenant and one for the central side, and where each chain stands. */
export class CreateAudit1000000000011 implements MigrationInterface {
  readonly name = 'CreateAudit1000000000011';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { type } = queryRunner.manager.connection.options;
    const isServer = type === 'mysql' || type === 'mariadb';
    // Signatures are of exact bytes: nothing may come back other than it was written.
    const exact = isServer ? { charset: 'utf8mb4', collation: 'utf8mb4_bin' } : {};
    const text = (name: string, length: string, isNullable = false) => ({
      name,
      type: 'varchar',
      length,
      isNullable,
      ...exact,
    });
    const chains = new Table({
      name: CHAINS,
      columns: [
        { name: 'chain', type: 'varchar', length: '36', isPrimary: true },
        { name: 'tenant_id', type: 'varchar', length: '36', isNullable: true },
        { name: 'seq', type: 'bigint' },
        text('hash', '64'),
        { name: 'archived_seq', type: 'bigint' },
        text('archived_hash', '64'),
        text('key_id', '16'),
        text('signature', '64'),
      ],
      foreignKeys: [
        {
          name: `${CHAINS}_tenant_fk`,
          columnNames: ['tenant_id'],
          referencedTableName: 'tenancy_tenants',
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
        },
      ],
    });
    const log = new Table({
      name: LOG,
      columns: [
        { name: 'chain', type: 'varchar', length: '36', isPrimary: true },
        { name: 'seq', type: 'bigint', isPrimary: true },
        { name: 'id', type: 'varchar', length: '36', isUnique: true },
        { name: 'at', type: 'bigint' },
        text('action', '100'),
        { name: 'outcome', type: 'varchar', length: '16' },
        text('actor', '191', true),
        text('tenant_id', '36', true),
        text('request_id', '100', true),
        text('address', '64', true),
        { name: 'details', type: isServer ? 'longtext' : 'text', ...exact, isNullable: true },
        text('key_id', '16'),
        text('previous', '64'),
        text('hash', '64'),
      ],
      indices: [
        { name: 'tenancy_audit_log_at', columnNames: ['chain', 'at'] },
        { name: 'tenancy_audit_log_action', columnNames: ['chain', 'action'] },
      ],
      foreignKeys: [
        {
          name: `${LOG}_chain_fk`,
          columnNames: ['chain'],
          referencedTableName: CHAINS,
          referencedColumnNames: ['chain'],
          onDelete: 'CASCADE',
        },
      ],
    });
    for (const table of [chains, log]) await queryRunner.createTable(table, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of [LOG, CHAINS]) await queryRunner.dropTable(name);
  }
}
