import { CursorInvalidError } from './errors.js';

/** So that what pages go by can change, and an old cursor is refused then. */
const VERSION = 'v1';

/** What leads to the page after `last`. Opaque: what is in it is nobody's to rely on. */
export function cursorAfter(last: string | undefined): string | undefined {
  return last === undefined
    ? undefined
    : Buffer.from(JSON.stringify([VERSION, last])).toString('base64url');
}

/** @throws CursorInvalidError for what {@link cursorAfter} did not make */
export function lastOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const last = read(cursor);
  // What is decoded leniently would have many spellings.
  if (last === undefined || cursorAfter(last) !== cursor) throw new CursorInvalidError();
  return last;
}

function read(cursor: string): string | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(parts) || parts.length !== 2 || parts[0] !== VERSION) return undefined;
    return typeof parts[1] === 'string' ? parts[1] : undefined;
  } catch {
    return undefined;
  }
}
