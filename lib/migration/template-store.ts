import { Inject, Injectable } from '@nestjs/common';
import { DataSource, Not, type Repository } from 'typeorm';
import { insert, isDuplicate, remove, update } from '../tenant/central-rows.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { SchemaTemplate } from './schema-template.entity.js';

type Key = Pick<SchemaTemplate, 'server' | 'fingerprint'>;

/** The rows of templates. Two processes that write one at once write the same, or the later one is right, too. */
@Injectable()
export class TemplateStore {
  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {}

  async find({ server, fingerprint }: Key): Promise<SchemaTemplate | null> {
    return this.rows.findOneBy({ server, fingerprint });
  }

  /** Writes a new one, in place of one of the same key. Of two at once the first stays. */
  async save(template: SchemaTemplate): Promise<void> {
    const { server, fingerprint, ...rest } = template;
    if ((await update(this.rows, { server, fingerprint }, rest)) > 0) return;
    try {
      await insert(this.rows, template);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
    }
  }

  /** Two tenants were the same. Those of other versions of the schema on that server are not needed any more. */
  async confirm({ server, fingerprint }: Key): Promise<void> {
    await update(this.rows, { server, fingerprint, state: 'candidate' }, { state: 'confirmed' });
    await remove(this.rows, { server, fingerprint: Not(fingerprint) });
  }

  async refuse({ server, fingerprint }: Key, refusal: string): Promise<void> {
    await update(this.rows, { server, fingerprint }, { state: 'refused', refusal, dump: [] });
  }

  private get rows(): Repository<SchemaTemplate> {
    return this.central.getRepository(SchemaTemplate);
  }
}
