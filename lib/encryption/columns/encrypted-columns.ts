import { Inject, Injectable } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { Raw, type Driver, type EntityTarget, type FindOperator } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { CurrentTenant, Placement } from '../../context/current-tenant.js';
import { currentTenant, requireTenant } from '../../context/tenant-context.js';
import type { BoundDataSource } from '../../database/bound-data-source.js';
import { samePlacement } from '../../database/entity-owner.js';
import {
  EncryptedColumnError,
  EncryptedColumnTenantError,
  EncryptedValueUnreadableError,
  EncryptionOptionsError,
} from '../errors.js';
import { encryptedTermsOf } from './encrypted.decorator.js';
import { Plaintext } from './plaintext.js';
import { renewStale } from './stale-values.js';
import { ValueCipher, type ValueColumn } from './value-cipher.js';

export interface ReencryptOptions {
  /** Rows that are read at once. Default 500. */
  readonly batch?: number;
  /** Whether values that are in plain, from before the column was encrypted, are encrypted, too. Default false: refused. */
  readonly plain?: boolean;
}

/**
 * Encrypts and decrypts the columns of `@Encrypted()`, at the door of the driver, where all of TypeORM's ways pass: save,
 * insert, update, upsert, query builders, relations. Raw rows (`getRawMany`, `query`) are as they are stored.
 */
@Injectable()
export class EncryptedColumns {
  private readonly known = new Map<ColumnMetadata, ValueColumn | undefined>();

  constructor(
    @Inject(getDataSourceToken()) private readonly tenants: BoundDataSource,
    private readonly cipher: ValueCipher,
  ) {
    for (const { columns } of tenants.entityMetadatas) for (const one of columns) this.check(one);
    tenants.customiseDriver((driver) =>
      standAtDoor(driver, {
        toDatabase: (value, column, at) => this.toDatabase(value, column, at),
        fromDatabase: (value, column, at) => this.fromDatabase(value, column, at),
      }),
    );
  }

  /**
   * Finds rows of the tenant in context by a value of an encrypted column that is `searchable`, also such as were stored
   * under an older key: `{ where: { email: columns.matching(Customer, 'email', 'a@example.com') } }`. In a query builder,
   * within `.where({ … })`.
   * @throws EncryptedColumnError for one that is not searchable
   */
  matching<T extends object>(
    entity: EntityTarget<T>,
    property: keyof T & string,
    value: string,
  ): FindOperator<string> {
    const tenant = requireTenant('EncryptedColumns.matching()');
    const metadata = this.tenants.getMetadata(entity);
    const found = metadata.findColumnWithPropertyPath(property);
    const column = found && this.columnOf(found);
    if (!column?.searchable) {
      throw new EncryptedColumnError(`${metadata.name}.${property}`, 'it is not searchable');
    }
    const prefixes = this.cipher.prefixesOf(value, tenant, column);
    const names = prefixes.map((prefix) => [`${BLIND_PARAMETER}_${hashOf(prefix)}`, `${prefix}%`]);
    return Raw(
      (path) => `(${names.map(([name]) => `${path} LIKE :${name}`).join(' OR ')})`,
      Object.fromEntries(names) as Record<string, string>,
    );
  }

  /**
   * Encrypts what an entity has stored under older keys anew under the current one, for the tenant in context, some rows
   * at a time. What is written at the same moment stays as it was written. Interrupted, it is called again.
   * @returns how many values were stale
   * @throws EncryptedValueUnreadableError at the first value that cannot be read
   */
  async reencrypt(
    entity: EntityTarget<object>,
    { batch = 500, plain = false }: ReencryptOptions = {},
  ): Promise<number> {
    if (!Number.isInteger(batch) || batch < 1) {
      throw new EncryptionOptionsError('`batch` is not a whole number from 1 on');
    }
    let count = 0;
    for (const one of this.tenants.getMetadata(entity).columns) {
      const column = this.columnOf(one);
      if (column === undefined) continue;
      for (;;) {
        const renewed = await renewStale(this.tenants, this.cipher, {
          metadata: one,
          column,
          batch,
          plain,
        });
        count += renewed;
        if (renewed < batch) break;
      }
    }
    return count;
  }

  private check(column: ColumnMetadata): void {
    if (encryptedTermsOf(column) === undefined) return;
    const { entityMetadata, propertyPath, isPrimary, default: initial } = column;
    const unique = [...entityMetadata.uniques, ...entityMetadata.indices.filter((i) => i.isUnique)];
    const problem =
      (isPrimary && 'it is a primary key') ||
      (initial !== undefined && 'its default would be stored in plain') ||
      (unique.some(({ columns }) => columns.includes(column)) &&
        'it is unique, and the same text is never stored the same way twice');
    if (problem) throw new EncryptedColumnError(`${entityMetadata.name}.${propertyPath}`, problem);
  }

  private toDatabase(value: Plaintext, metadata: ColumnMetadata, driver: Driver): unknown {
    const column = this.columnOf(metadata);
    // Without the column it stays what no driver takes.
    if (column === undefined) return value;
    return this.cipher.encrypt(value.reveal(), tenantAt(driver, column), column);
  }

  private fromDatabase(value: unknown, metadata: ColumnMetadata, driver: Driver): unknown {
    const column = this.columnOf(metadata);
    if (column === undefined || value === null || value === undefined) return value;
    const tenant = tenantAt(driver, column);
    if (typeof value !== 'string') {
      throw new EncryptedValueUnreadableError(column.name, tenant.slug, 'it is not a text');
    }
    return this.cipher.decrypt(value, tenant, column);
  }

  private columnOf(column: ColumnMetadata): ValueColumn | undefined {
    if (this.known.has(column)) return this.known.get(column);
    const terms = encryptedTermsOf(column);
    const { entityMetadata, propertyPath, databaseName } = column;
    const known = terms && {
      boundTo: `${entityMetadata.tableName}.${databaseName}`,
      ...terms,
      name: `${entityMetadata.name}.${propertyPath}`,
    };
    this.known.set(column, known);
    return known;
  }
}

/** What is done to values at the door of `at`, the driver of a view. */
interface Door {
  readonly toDatabase: (value: Plaintext, column: ColumnMetadata, at: Driver) => unknown;
  readonly fromDatabase: (value: unknown, column: ColumnMetadata, at: Driver) => unknown;
}

function standAtDoor(driver: Driver, { toDatabase, fromDatabase }: Door): void {
  const names = ['preparePersistentValue', 'prepareHydratedValue'] as const;
  const [prepare, hydrate] = names.map((name) => driver[name]);
  Object.assign(driver, {
    preparePersistentValue(this: Driver, value: unknown, column: ColumnMetadata): unknown {
      const prepared: unknown = prepare.call(this, value, column);
      return prepared instanceof Plaintext ? toDatabase(prepared, column, this) : prepared;
    },
    prepareHydratedValue(this: Driver, value: unknown, column: ColumnMetadata): unknown {
      return hydrate.call(this, fromDatabase(value, column, this), column);
    },
  });
}

const BLIND_PARAMETER = 'blind';

/** Names a parameter by its value: the same query may search twice. */
function hashOf(prefix: string): string {
  return prefix.replaceAll(/\W/g, '_');
}

/** A driver of a view knows its placement; the one that follows the context has none. TypeORM 0.3 says `connection`. */
interface PlacedDriver extends Driver {
  readonly dataSource?: { readonly placement?: Placement };
  readonly connection?: { readonly placement?: Placement };
}

/** @throws TenantContextMissingError, EncryptedColumnTenantError */
function tenantAt(driver: PlacedDriver, { name }: ValueColumn): CurrentTenant {
  const placement = (driver.dataSource ?? driver.connection)?.placement;
  if (placement === undefined) return requireTenant(`The encrypted column ${name}`);
  const tenant = currentTenant();
  if (tenant === undefined || !samePlacement(tenant.placement, placement)) {
    throw new EncryptedColumnTenantError(name);
  }
  return tenant;
}
