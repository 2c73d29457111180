import { Inject, Injectable } from '@nestjs/common';
import { DataSource, IsNull, type FindOptionsWhere, type Repository } from 'typeorm';
import { insert, update } from '../tenant/central-rows.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { MaintenanceRow } from './maintenance.entity.js';

/** Whose maintenance: a tenant's, by its id, or null for that of all tenants. */
export type Scope = string | null;

/** The rows of maintenances, in the central database. */
@Injectable()
export class MaintenanceStore {
  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {}

  /** Those of a scope, or all, with their tenants. */
  async read(scope?: Scope): Promise<readonly MaintenanceRow[]> {
    return this.rows.find({
      where: scope === undefined ? {} : { tenantId: scope ?? IsNull() },
      relations: { tenant: true },
      order: { beginsAt: 'ASC', id: 'ASC' },
    });
  }

  async insert(row: MaintenanceRow): Promise<void> {
    await insert(this.rows, columnsOf(row));
  }

  /** In place of the one with its id, if there is one. */
  async put(row: MaintenanceRow): Promise<void> {
    const replaced = this.rows.metadata.columns.filter(({ isPrimary }) => !isPrimary);
    await this.rows
      .createQueryBuilder()
      .insert()
      .values(columnsOf(row))
      .orUpdate(
        replaced.map(({ databaseName }) => databaseName),
        ['id'],
      )
      .callListeners(false)
      .execute();
  }

  /** @returns whether it was this call that marked it as told to have begun */
  async tell({ id, setAt }: MaintenanceRow): Promise<boolean> {
    return (await update(this.rows, { id, setAt, told: 0 }, { told: 1 })) > 0;
  }

  /** @returns whether it was this call that deleted it; one that was enabled anew meanwhile is not deleted */
  async delete({ id, setAt }: Pick<MaintenanceRow, 'id' | 'setAt'>): Promise<boolean> {
    const where: FindOptionsWhere<MaintenanceRow> = { id, setAt };
    const { affected } = await this.rows
      .createQueryBuilder()
      .delete()
      .where(where)
      .callListeners(false)
      .execute();
    return (affected ?? 0) > 0;
  }

  async find(id: string): Promise<MaintenanceRow | undefined> {
    const [row] = await this.rows.find({ where: { id }, relations: { tenant: true } });
    return row;
  }

  private get rows(): Repository<MaintenanceRow> {
    return this.central.getRepository(MaintenanceRow);
  }
}

/** Without the tenant, whose id is a column. */
function columnsOf(row: MaintenanceRow): Omit<MaintenanceRow, 'tenant'> {
  const columns = { ...row };
  delete columns.tenant;
  return columns;
}
