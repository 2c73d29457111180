import {
  Column,
  Entity,
  EventSubscriber,
  PrimaryColumn,
  type EntitySubscriberInterface,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';

/** What the app of these proofs keeps in the central database. */
@Entity('plans')
export class Plan {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'varchar', length: 36, nullable: true })
  seen!: string | null;
}

export class CreatePlans1700000000002 implements MigrationInterface {
  readonly name = 'CreatePlans1700000000002';
  up = (queryRunner: QueryRunner) =>
    queryRunner.query('CREATE TABLE plans (id varchar(36) PRIMARY KEY, seen varchar(36))');
  down = (queryRunner: QueryRunner) => queryRunner.query('DROP TABLE plans');
}

@EventSubscriber()
export class PlanSubscriber implements EntitySubscriberInterface<Plan> {
  listenTo = () => Plan;
  beforeInsert({ entity }: { entity: Plan }): void {
    entity.seen = 'by the subscriber';
  }
}
