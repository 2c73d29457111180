import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** When each scheduled method that runs for every tenant was last begun and ended, in milliseconds since 1970. */
export class CreateScheduledRuns1000000000006 implements MigrationInterface {
  readonly name = 'CreateScheduledRuns1000000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    const runs = new Table({
      name: 'tenancy_scheduled_runs',
      columns: [
        { name: 'name', type: 'varchar', length: '191', isPrimary: true },
        { name: 'began_at', type: 'bigint' },
        { name: 'ended_at', type: 'bigint', isNullable: true },
      ],
    });
    await queryRunner.createTable(runs, true);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('tenancy_scheduled_runs');
  }
}
