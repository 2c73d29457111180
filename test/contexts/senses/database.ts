import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import type { Sense } from '../sense.js';

@Entity('marks')
export class Mark {
  @PrimaryColumn('varchar', { length: 50, name: 'mark_key' })
  key!: string;

  /** The slug of the tenant that the row belongs to. */
  @Column('varchar', { length: 50 })
  slug!: string;

  /** How many units of work have looked at it. */
  @Column('int', { default: 0 })
  looks!: number;
}

/** Writes and reads, each on a connection of its own. */
export const database: Sense = {
  name: 'database',
  imports: [TypeOrmModule.forFeature([Mark])],
  async leave(app, key, slug) {
    await marksOf(app).insert({ key, slug });
  },
  async look(app, key) {
    await marksOf(app).increment({ key }, 'looks', 1);
    return (await marksOf(app).findOneByOrFail({ key })).slug;
  },
};

function marksOf(app: Parameters<Sense['look']>[0]) {
  return app.get<DataSource>(getDataSourceToken(), { strict: false }).getRepository(Mark);
}
