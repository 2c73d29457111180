import {
  EntityManager,
  EntitySchema,
  type DataSource,
  type EntityTarget,
  type ObjectLiteral,
} from 'typeorm';
import type { Placement } from '../context/current-tenant.js';
import { checkOwner } from './entity-owner.js';

/** `save(entity, options)`, `save(target, entity, options)`, `update(target, criteria, values)`, … */
type Given = readonly unknown[];

/**
 * TypeORM's entity manager, refusing another tenant's entities before it looks at the database: an entity without
 * changes would else pass unnoticed, and one that a plain many-to-one refers to would be written as a foreign key.
 */
export class OwnerCheckedEntityManager extends EntityManager {
  /** @param here the placement that the manager writes to at the moment of the call */
  constructor(
    private readonly source: DataSource,
    queryRunner: EntityManager['queryRunner'],
    private readonly here: () => Placement,
  ) {
    super(source, queryRunner);
  }

  /** @throws CrossTenantError */
  check(operation: string, given: Given): void {
    const [target, values] = isTarget(given[0]) ? [given[0], given.slice(1)] : [undefined, given];
    const check = { operation, placement: this.here(), depth: Number.POSITIVE_INFINITY };
    const seen = new Set<object>();
    for (const entity of values.flat()) {
      checkOwner(entity, this.metadataOf(target, entity), check, seen);
    }
  }

  private metadataOf(target: EntityTarget<ObjectLiteral> | undefined, entity: unknown) {
    const of = target ?? (typeof entity === 'object' ? entity?.constructor : undefined);
    return of !== undefined && this.source.hasMetadata(of)
      ? this.source.getMetadata(of)
      : undefined;
  }
}

/** Every operation of the manager that takes entities and writes. */
const CHECKED = [
  'save',
  'remove',
  'softRemove',
  'recover',
  'insert',
  'upsert',
  'update',
  'delete',
  'softDelete',
  'restore',
] as const satisfies readonly (keyof EntityManager)[];

for (const operation of CHECKED) {
  const perform: (...given: never[]) => Promise<unknown> = EntityManager.prototype[operation];
  Object.defineProperty(OwnerCheckedEntityManager.prototype, operation, {
    async value(this: OwnerCheckedEntityManager, ...given: never[]): Promise<unknown> {
      this.check(operation, given);
      return perform.apply(this, given);
    },
  });
}

function isTarget(value: unknown): value is EntityTarget<ObjectLiteral> {
  return typeof value === 'function' || typeof value === 'string' || value instanceof EntitySchema;
}
