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

  override save(...given: never[]): Promise<never> {
    return this.checked('save', given, super.save);
  }

  override remove(...given: never[]): Promise<never> {
    return this.checked('remove', given, super.remove);
  }

  override softRemove(...given: never[]): Promise<never> {
    return this.checked('softRemove', given, super.softRemove);
  }

  override recover(...given: never[]): Promise<never> {
    return this.checked('recover', given, super.recover);
  }

  override insert(...given: never[]): Promise<never> {
    return this.checked('insert', given, super.insert);
  }

  override upsert(...given: never[]): Promise<never> {
    return this.checked('upsert', given, super.upsert);
  }

  override update(...given: never[]): Promise<never> {
    return this.checked('update', given, super.update);
  }

  override delete(...given: never[]): Promise<never> {
    return this.checked('delete', given, super.delete);
  }

  override softDelete(...given: never[]): Promise<never> {
    return this.checked('softDelete', given, super.softDelete);
  }

  override restore(...given: never[]): Promise<never> {
    return this.checked('restore', given, super.restore);
  }

  private async checked(
    operation: string,
    given: Given,
    perform: (this: EntityManager, ...given: never[]) => unknown,
  ): Promise<never> {
    const [target, values] = isTarget(given[0]) ? [given[0], given.slice(1)] : [undefined, given];
    const check = { operation, placement: this.here(), depth: Number.POSITIVE_INFINITY };
    const seen = new Set<object>();
    for (const entity of values.flat()) {
      checkOwner(entity, this.metadataOf(target, entity), check, seen);
    }
    return (await perform.apply(this, given as never[])) as never;
  }

  private metadataOf(target: EntityTarget<ObjectLiteral> | undefined, entity: unknown) {
    const of = target ?? (typeof entity === 'object' ? entity?.constructor : undefined);
    return of !== undefined && this.source.hasMetadata(of)
      ? this.source.getMetadata(of)
      : undefined;
  }
}

function isTarget(value: unknown): value is EntityTarget<ObjectLiteral> {
  return typeof value === 'function' || typeof value === 'string' || value instanceof EntitySchema;
}
