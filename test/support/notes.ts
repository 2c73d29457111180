import {
  Column,
  Entity,
  PrimaryGeneratedColumn,
  Table,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';

/** What the apps of these tests keep for a tenant. */
@Entity('notes')
export class Note {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  text!: string;
}

/** Creates the table, and puts a row into it: two of them would show that it ran twice. */
export class CreateNotes1700000000001 implements MigrationInterface {
  readonly name = 'CreateNotes1700000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'notes',
        columns: [
          {
            name: 'id',
            type: 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
          },
          { name: 'text', type: 'varchar', length: '255' },
        ],
      }),
    );
    await queryRunner.manager.insert(Note, { text: 'migrated' });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('notes');
  }
}
