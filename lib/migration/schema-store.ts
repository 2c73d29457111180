import { Inject, Injectable } from '@nestjs/common';
import { DataSource, In, type Repository } from 'typeorm';
import { insert, update } from '../tenant/central-rows.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import {
  TenantSchema,
  type AppliedMigration,
  type HalfWay,
} from '../tenant/tenant-schema.entity.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { fingerprintOf, latestOf } from './known-migrations.js';

type State = Pick<TenantSchema, 'applied' | 'halfWay' | 'failure'>;

export type KnownState = State & Pick<TenantSchema, 'fingerprint'>;

interface Row {
  readonly fingerprint: string;
  readonly applied: string;
  readonly half_way: string | null;
  readonly failure: string | null;
}

/** What is half-way up is still served by the code before; what is half-way down by none. */
const HALF_WAY_DOWN = 'half-way down';

/** The rows of what is known of tenants' schemas. Whoever writes one holds the lock of the tenant's migrations. */
@Injectable()
export class SchemaStore {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly registry: TenantRegistry,
  ) {}

  /** What a migration has to know, in a statement of its own: see {@link writeHalfWay}. */
  async find(tenantId: string): Promise<KnownState | null> {
    const [row] = await this.central.query<Row[]>(
      'SELECT fingerprint, applied, half_way, failure FROM tenancy_schemas WHERE tenant_id = ?',
      [tenantId],
    );
    if (row === undefined) return null;
    const { fingerprint, applied, half_way: halfWay, failure } = row;
    return {
      fingerprint,
      applied: JSON.parse(applied) as AppliedMigration[],
      halfWay: halfWay === null ? null : (JSON.parse(halfWay) as HalfWay),
      failure,
    };
  }

  /** With everything, also what is left out elsewhere because of its length. */
  async findAll(tenantIds: readonly string[]): Promise<readonly TenantSchema[]> {
    return this.whole({ tenantId: In([...tenantIds]) });
  }

  /** What a database with this fingerprint has, as one of those that have it tells. */
  async appliedOf(fingerprint: string): Promise<readonly AppliedMigration[] | undefined> {
    const [row] = await this.whole({ fingerprint }, 1);
    return row?.applied;
  }

  /** Of a tenant that has a row. */
  async writeHalfWay(tenantId: string, halfWay: HalfWay): Promise<void> {
    if (halfWay.direction === 'down') {
      await update(this.rows, { tenantId }, { halfWay, fingerprint: HALF_WAY_DOWN });
      this.registry.invalidate(tenantId);
      return;
    }
    // Once for every statement of every tenant: a query builder would take longer than the server does.
    await this.central.query('UPDATE tenancy_schemas SET half_way = ? WHERE tenant_id = ?', [
      JSON.stringify(halfWay),
      tenantId,
    ]);
  }

  async write(
    tenantId: string,
    { applied, halfWay, failure }: State,
    times: Partial<Pick<TenantSchema, 'milliseconds' | 'migratedAt'>> = {},
  ): Promise<void> {
    const row = {
      ...times,
      applied,
      halfWay,
      failure,
      fingerprint: halfWay?.direction === 'down' ? HALF_WAY_DOWN : fingerprintOf(applied),
      version: latestOf(applied),
    };
    if (!(await this.rewrite(tenantId, row))) {
      await insert(
        this.rows,
        this.rows.create({ milliseconds: null, migratedAt: null, ...row, tenantId }),
      );
    }
    this.registry.invalidate(tenantId);
  }

  /**
   * Once for every tenant, so without a query builder, which would take longer than the server does.
   * @returns whether there is a row
   */
  private async rewrite(tenantId: string, row: Partial<TenantSchema>): Promise<boolean> {
    const { driver } = this.central;
    const columns = this.rows.metadata.columns.filter(({ propertyName }) => propertyName in row);
    const names = columns.map(({ databaseName }) => `${driver.escape(databaseName)} = ?`);
    const values = columns.map((column): unknown =>
      driver.preparePersistentValue(row[column.propertyName as keyof TenantSchema], column),
    );
    const queryRunner = this.central.createQueryRunner();
    try {
      const sql = `UPDATE tenancy_schemas SET ${names.join(', ')} WHERE tenant_id = ?`;
      const { affected } = await queryRunner.query(sql, [...values, tenantId], true);
      return affected !== 0;
    } finally {
      await queryRunner.release();
    }
  }

  private whole(where: Parameters<Repository<TenantSchema>['findBy']>[0], take?: number) {
    return this.rows
      .createQueryBuilder('schema')
      .addSelect(['schema.applied', 'schema.halfWay'])
      .setFindOptions({ where })
      .limit(take)
      .getMany();
  }

  private get rows(): Repository<TenantSchema> {
    return this.central.getRepository(TenantSchema);
  }
}
