import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

const integer = { type: 'int' } as const;

/**
 * The tables that cache and sessions of a tenant live in, and that `information_schema.tables` is asked for. One that is
 * there is left as it is: an adopted database may have it, and a process that was killed may have made it.
 */
export class CreateCacheAndSessions1000000000002 implements MigrationInterface {
  readonly name = 'CreateCacheAndSessions1000000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'cache',
        columns: [
          { name: 'key', type: 'varchar', length: '255', isPrimary: true },
          { name: 'value', type: longTextOf(queryRunner) },
          { name: 'expiration', ...integer },
        ],
        indices: [{ name: 'cache_expiration', columnNames: ['expiration'] }],
      }),
      true,
    );
    await queryRunner.createTable(
      new Table({
        name: 'cache_locks',
        columns: [
          { name: 'key', type: 'varchar', length: '255', isPrimary: true },
          { name: 'owner', type: 'varchar', length: '255' },
          { name: 'expiration', ...integer },
        ],
        indices: [{ name: 'cache_locks_expiration', columnNames: ['expiration'] }],
      }),
      true,
    );
    await queryRunner.createTable(
      new Table({
        name: 'sessions',
        columns: [
          { name: 'id', type: 'varchar', length: '255', isPrimary: true },
          { name: 'user_id', type: 'varchar', length: '255', isNullable: true },
          { name: 'ip_address', type: 'varchar', length: '45', isNullable: true },
          { name: 'user_agent', type: 'text', isNullable: true },
          { name: 'payload', type: longTextOf(queryRunner) },
          { name: 'last_activity', ...integer },
        ],
        indices: [
          { name: 'sessions_user_id', columnNames: ['user_id'] },
          { name: 'sessions_last_activity', columnNames: ['last_activity'] },
        ],
      }),
      true,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('sessions');
    await queryRunner.dropTable('cache_locks');
    await queryRunner.dropTable('cache');
  }
}

/** 4 GB where MySQL's `text` would end at 64 KB. SQLite has one kind. */
function longTextOf(queryRunner: QueryRunner): string {
  // TypeORM 0.3 has no `dataSource` here, 1 still has `connection`.
  const { type } = queryRunner.manager.connection.options;
  return type === 'mysql' || type === 'mariadb' ? 'longtext' : 'text';
}
