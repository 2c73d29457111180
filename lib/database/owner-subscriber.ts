import type {
  EntityMetadata,
  EntitySubscriberInterface,
  InsertEvent,
  LoadEvent,
  QueryRunner,
  RecoverEvent,
  RemoveEvent,
  SoftRemoveEvent,
  UpdateEvent,
} from 'typeorm';
import { checkOwner, placementOf, rememberOwner } from './entity-owner.js';

/**
 * Remembers where entities come from, and refuses them elsewhere, also when a query builder or a cascade brings them.
 * One relation deep is enough: what a cascade persists gets an event of its own.
 */
export class OwnerSubscriber implements EntitySubscriberInterface {
  afterLoad(entity: object, event?: LoadEvent<object>): void {
    this.remember(entity, event?.queryRunner);
  }

  afterInsert(event: InsertEvent<object>): void {
    this.remember(event.entity, event.queryRunner);
  }

  beforeInsert({ entity, metadata, queryRunner }: InsertEvent<object>): void {
    this.check('insert', entity, metadata, queryRunner);
  }

  beforeUpdate({ entity, metadata, queryRunner }: UpdateEvent<object>): void {
    this.check('update', entity, metadata, queryRunner);
  }

  beforeRemove({ entity, metadata, queryRunner }: RemoveEvent<object>): void {
    this.check('remove', entity, metadata, queryRunner);
  }

  beforeSoftRemove({ entity, metadata, queryRunner }: SoftRemoveEvent<object>): void {
    this.check('softRemove', entity, metadata, queryRunner);
  }

  beforeRecover({ entity, metadata, queryRunner }: RecoverEvent<object>): void {
    this.check('recover', entity, metadata, queryRunner);
  }

  private remember(entity: object | undefined, queryRunner: QueryRunner | undefined): void {
    const placement = placementOf(queryRunner);
    if (placement !== undefined && typeof entity === 'object') rememberOwner(entity, placement);
  }

  private check(
    operation: string,
    entity: unknown,
    metadata: EntityMetadata,
    queryRunner: QueryRunner,
  ): void {
    const placement = placementOf(queryRunner);
    if (placement !== undefined) checkOwner(entity, metadata, { operation, placement, depth: 1 });
  }
}
