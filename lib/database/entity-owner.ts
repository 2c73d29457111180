import type { EntityMetadata, QueryRunner } from 'typeorm';
import type { Placement } from '../context/current-tenant.js';
import { CrossTenantError } from './errors.js';

/** Which database each loaded or inserted entity came from. Held weakly: an entity nobody uses is forgotten. */
const owners = new WeakMap<object, Placement>();

const PLACEMENT = Symbol.for('nestjs-tenancy:placement');

/** A query runner that was made for one placement. */
interface PlacedQueryRunner extends QueryRunner {
  [PLACEMENT]?: Placement;
}

/** Marks `queryRunner` as made for `placement`. */
export function place<T extends QueryRunner>(queryRunner: T, placement: Placement | undefined): T {
  (queryRunner as PlacedQueryRunner)[PLACEMENT] = placement;
  return queryRunner;
}

/** The placement that `queryRunner` was made for. */
export function placementOf(queryRunner: QueryRunner | undefined): Placement | undefined {
  return (queryRunner as PlacedQueryRunner | undefined)?.[PLACEMENT];
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
    const related: unknown = relation.getEntityValue(entity);
    for (const one of Array.isArray(related) ? related : [related]) {
      checkOwner(one, relation.inverseEntityMetadata, deeper, seen);
    }
  }
}
