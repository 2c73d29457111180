import 'reflect-metadata';

const CACHE_TAGS = Symbol.for('nestjs-tenancy:cache-tags');

/**
 * What is cached under these tags depends on rows of this entity: they are flushed once a write of one is committed.
 *
 * ```ts
 * @CacheTags('projects')
 * @Entity()
 * export class Project { … }
 * ```
 */
export function CacheTags(...tags: readonly [string, ...string[]]): ClassDecorator {
  return (target) => Reflect.defineMetadata(CACHE_TAGS, tags, target);
}

/** The tags of an entity; those of its parent class where it has none. */
export function cacheTagsOf(target: unknown): readonly string[] {
  if (typeof target !== 'function') return [];
  return (Reflect.getMetadata(CACHE_TAGS, target) as readonly string[] | undefined) ?? [];
}
