import {
  QueryFailedError,
  type FindOptionsWhere,
  type ObjectLiteral,
  type Repository,
} from 'typeorm';
import { isDuplicateKey } from '../database/engines/duplicate-key.js';

// Without subscribers: the one that tells the registry would make it forget every tenant instead of the one at hand.

export async function insert<T extends ObjectLiteral>(
  repository: Repository<T>,
  row: T,
): Promise<void> {
  await repository.createQueryBuilder().insert().values(row).callListeners(false).execute();
}

/** Values, or what the database is to work them out with. */
type Change<T> = { readonly [K in keyof T]?: T[K] | (() => string) };

/** @returns how many rows matched */
export async function update<T extends ObjectLiteral>(
  repository: Repository<T>,
  where: FindOptionsWhere<T>,
  change: NoInfer<Change<T>>,
): Promise<number> {
  const { affected } = await repository
    .createQueryBuilder()
    .update()
    .set(change)
    .where(where)
    .callListeners(false)
    .execute();
  return affected ?? 0;
}

export async function remove<T extends ObjectLiteral>(
  repository: Repository<T>,
  where: FindOptionsWhere<T>,
): Promise<void> {
  await repository.createQueryBuilder().delete().where(where).callListeners(false).execute();
}

/** Deletes the rows of tenants whose database was dropped, which they name in `tenant_id`. */
export async function removeOfDropped<T extends ObjectLiteral>(
  repository: Repository<T>,
): Promise<void> {
  await repository
    .createQueryBuilder()
    .delete()
    .where("tenant_id IN (SELECT id FROM tenancy_tenants WHERE step = 'dropped')")
    .callListeners(false)
    .execute();
}

/** A unique key was violated. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof QueryFailedError && isDuplicateKey(error.driverError);
}
