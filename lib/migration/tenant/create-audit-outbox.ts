import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

const OUTBOX = 'tenancy_audit_outbox';

/**
 * Makes the table in which changes of `@Audited()` entities wait for their chain: to be listed in `tenants.migrations`, and
 * in `central.migrations` where entities of the central database are audited.
 */
export class CreateAuditOutbox1000000000020 implements MigrationInterface {
  readonly name = 'CreateAuditOutbox1000000000020';

  async up(queryRunner: QueryRunner): Promise<void> {
    // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
    const { type } = queryRunner.manager.connection.options;
    const isServer = type === 'mysql' || type === 'mariadb';
    // They are signed later as they are read here.
    const exact = isServer ? { charset: 'utf8mb4', collation: 'utf8mb4_bin' } : {};
    const text = (name: string, length: string, isNullable = false) => ({
      name,
      type: 'varchar',
      length,
      isNullable,
      ...exact,
    });
    const table = new Table({
      name: OUTBOX,
      columns: [
        {
          name: 'seq',
          type: isServer ? 'bigint' : 'integer',
          isPrimary: true,
          isGenerated: true,
          generationStrategy: 'increment',
        },
        text('id', '36'),
        text('chain', '36'),
        { name: 'at', type: 'bigint' },
        text('action', '100'),
        text('actor', '191', true),
        text('request_id', '100', true),
        text('address', '64', true),
        { name: 'details', type: isServer ? 'longtext' : 'text', ...exact, isNullable: true },
      ],
    });
    await queryRunner.createTable(table, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(OUTBOX);
  }
}
