import type { EntityMetadata, QueryRunner } from 'typeorm';
import type { Placement } from '../context/current-tenant.js';
import { CrossTenantError } from './errors.js';

/** Which database each loaded or inserted entity came from. Held weakly: an entity nobody uses is forgotten. */
const owners = new WeakMap<object, Placement>();

/** A DataSource that is pinned to one placement. */
interface PlacedDataSource {
  readonly placement?: Placement;
}

/** The placement that `queryRunner` was made for: that of the DataSource that made it. */
export function placementOf(queryRunner: QueryRunner | undefined): Placement | undefined {
  // TypeORM 1 calls it `dataSource`, and knows it under the name of 0.3, too.
  return (queryRunner?.connection as PlacedDataSource | undefined)?.placement;
}

export function rememberOwner(entity: object, placement: Placement): void {
  owners.set(entity, placement);
}

export function ownerOf(entity: object): Placement | undefined {
  return owners.get(entity);
}

export function samePlacement(one: Placement, other: Placement): boolean {
  return one === other || (one.server === other.server && one.database === other.database);
}

export interface OwnerCheck {
  /** For the error: `save`, `beforeInsert`, … */
  readonly operation: string;
  readonly placement: Placement;
  /** How many relations deep to look. */
  readonly depth: number;
}

/**
 * Refuses `entity`, and what it refers to, when it was loaded from another database than `placement`.
 * @throws CrossTenantError
 */
export function checkOwner(
  entity: unknown,
  metadata: EntityMetadata | undefined,
  check: OwnerCheck,
  seen: Set<object> = new Set(),
): void {
  if (typeof entity !== 'object' || entity === null || seen.has(entity)) return;
  seen.add(entity);
  const owner = owners.get(entity);
  if (owner !== undefined && !samePlacement(owner, check.placement)) {
    const name = metadata?.name ?? entity.constructor.name;
    throw new CrossTenantError(check.operation, name, owner.database, check.placement.database);
  }
  if (metadata === undefined || check.depth === 0) return;
  const deeper = { ...check, depth: check.depth - 1 };
  for (const relation of metadata.relations) {
    const related: unknown =
      relation.getEntityValue(entity) ?? givenValue(entity, relation.propertyName);
    for (const one of Array.isArray(related) ? related : [related]) {
      checkOwner(one, relation.inverseEntityMetadata, deeper, seen);
    }
  }
}

/** Of a plain object, which holds a lazy relation as it is and not where TypeORM keeps a loaded one. Loads nothing. */
function givenValue(entity: object, property: string): unknown {
  return Object.getOwnPropertyDescriptor(entity, property)?.value;
}
