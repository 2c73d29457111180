/** The server refused; the link is as good as before. */
export function isAnswer(error: unknown): boolean {
  return error instanceof Error && 'sqlState' in error && !('fatal' in error && error.fatal);
}

export function isUnknownDatabase(error: unknown): boolean {
  return errnoOf(error) === 1049;
}

/** Wrong user or password, or no right to the database. */
export function isAccessDenied(error: unknown): boolean {
  return ACCESS_DENIED.has(errnoOf(error));
}

export function isNoRightToDatabase(error: unknown): boolean {
  return errnoOf(error) === 1044;
}

/** `max_connections`, the account's `MAX_USER_CONNECTIONS`, or a limit of the account by the hour. */
export function isServerFull(error: unknown): boolean {
  return FULL.has(errnoOf(error));
}

/** A write met a server that is, or became, a replica. */
export function isReadOnly(error: unknown): boolean {
  const errno = errnoOf(error);
  // 1290 is for any option that forbids a statement, and names it.
  if (errno === 1290) return error instanceof Error && /read[-_]only/i.test(error.message);
  return errno === 1836;
}

/** The session's database was dropped by somebody else; recreated or not, this session is not in it any more. */
export function isNoDatabaseSelected(error: unknown): boolean {
  return errnoOf(error) === 1046;
}

/** A DDL statement found that what it makes is there, or that what it removes or renames is gone. */
export function isInEffect(error: unknown): boolean {
  return IN_EFFECT.has(errnoOf(error));
}

export function isDatabaseExists(error: unknown): boolean {
  return errnoOf(error) === 1007;
}

/** A unique key was violated. */
export function isDuplicateEntry(error: unknown): boolean {
  return errnoOf(error) === 1062;
}

/** Of several transactions that wait for each other, this one was rolled back as a whole. */
export function isDeadlock(error: unknown): boolean {
  return errnoOf(error) === 1213;
}

/** Who asks has not the right to: to a database, a table, a column, a global one; on MySQL also to grant. */
export function isRightMissing(error: unknown): boolean {
  return RIGHT_MISSING.has(errnoOf(error));
}

/** What a statement is about is not there: a table, a database, a column, what a foreign key refers to. */
export function isMissing(error: unknown): boolean {
  return MISSING.has(errnoOf(error));
}

const ACCESS_DENIED: ReadonlySet<unknown> = new Set([1044, 1045, 1698]);
const RIGHT_MISSING: ReadonlySet<unknown> = new Set([1044, 1142, 1143, 1227, 1410]);
const MISSING: ReadonlySet<unknown> = new Set([1146, 1049, 1824, 1005, 1054, 1072]);
const FULL: ReadonlySet<unknown> = new Set([1040, 1203, 1226]);
/**
 * Table there, table gone, column there, two primary keys, key there, column or key gone, no such table, no such column,
 * routine there or gone, trigger there or gone, partition there, foreign key there (both servers), check there.
 */
const IN_EFFECT: ReadonlySet<unknown> = new Set([
  1050, 1051, 1060, 1068, 1061, 1091, 1146, 1054, 1304, 1305, 1359, 1360, 1517, 1826, 1022, 3822,
]);

function errnoOf(error: unknown): unknown {
  return error instanceof Error && 'errno' in error ? error.errno : undefined;
}
