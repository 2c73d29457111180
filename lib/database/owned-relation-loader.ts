import type { ObjectLiteral, QueryRunner, SelectQueryBuilder } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { RelationLoader } from 'typeorm/query-builder/RelationLoader.js';
import type { Placement } from '../context/current-tenant.js';
import type { BoundDataSource } from './bound-data-source.js';
import { ownerOf, samePlacement } from './entity-owner.js';
import { CrossTenantError } from './errors.js';

/**
 * Loads lazy relations from the tenant that the entity came from, wherever and whenever they are awaited. TypeORM would
 * ask whatever tenant is current then.
 */
export class OwnedRelationLoader extends RelationLoader {
  constructor(
    private readonly bound: BoundDataSource,
    private readonly here: (operation: string) => Placement,
    private readonly hereIfAny: () => Placement | undefined,
  ) {
    super(bound);
  }

  /**
   * What it throws, it throws at the access to the property: of a promise that rejects later TypeORM keeps another that
   * nobody handles, and that ends the process.
   * @throws CrossTenantError inside the context of another tenant
   * @throws TenantContextMissingError for a new entity, which belongs to no tenant yet, without a tenant
   */
  override load(
    relation: RelationMetadata,
    entityOrEntities: ObjectLiteral | ObjectLiteral[],
    queryRunner?: QueryRunner,
    queryBuilder?: SelectQueryBuilder<ObjectLiteral>,
    loadEagerRelations?: boolean,
  ): ReturnType<RelationLoader['load']> {
    const [entity] = Array.isArray(entityOrEntities) ? entityOrEntities : [entityOrEntities];
    const owner = entity && ownerOf(entity);
    if (owner === undefined) {
      if (queryRunner === undefined || queryRunner.isReleased) this.here('Lazy loading');
      return super.load(relation, entityOrEntities, queryRunner, queryBuilder, loadEagerRelations);
    }
    const current = this.hereIfAny();
    if (current !== undefined && !samePlacement(current, owner)) {
      const name = `${relation.entityMetadata.name}.${relation.propertyName}`;
      throw new CrossTenantError('Lazy loading', name, owner.database, current.database);
    }
    return this.bound
      .at(owner)
      .relationLoader.load(
        relation,
        entityOrEntities,
        queryRunner,
        queryBuilder,
        loadEagerRelations,
      );
  }
}
