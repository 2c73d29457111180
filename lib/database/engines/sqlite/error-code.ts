/**
 * The code of an error of better-sqlite3 or of node: `SQLITE_BUSY`, `EEXIST`, … Not asked for by `instanceof`: both make
 * their errors outside of what jest isolates, so that in an app's tests they are none of its `Error`s.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A unique key was violated. */
export function isUniqueViolation(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}
