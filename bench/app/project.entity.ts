import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The one entity of the measured app. Every variant but `discriminator` has this table in a database per tenant. */
@Entity()
export class Project {
  @PrimaryColumn()
  id!: number;

  @Column({ length: 100 })
  name!: string;

  /** Raised by the transaction handler, so that its UPDATE changes something. */
  @Column({ default: 0 })
  touches!: number;
}
