import { createHash } from 'node:crypto';
import type { Statement } from '../tenant/tenant-schema.entity.js';

/** Characters of a statement that are kept for whoever looks into what was left half-way. */
const KEPT = 300;

/** Whether running it again would tell if it had been done: DDL, of which each statement is done whole or not at all. */
export function canBeTried(begun: readonly Statement[]): boolean {
  return begun.every(({ sql }) => kindOf(sql) === 'schema');
}

/** What only reads or concerns the session alone; the limits of transactions; what writes rows; all else, which commits. */
export function kindOf(sql: string): 'passing' | 'transaction' | 'rows' | 'schema' {
  if (PASSING.test(sql)) return 'passing';
  if (TRANSACTION.test(sql)) return 'transaction';
  if (/^\s*with\b/i.test(sql))
    return /\b(insert|update|delete|replace)\b/i.test(sql) ? 'rows' : 'passing';
  return ROWS.test(sql) ? 'rows' : 'schema';
}

/** DDL beyond doubt, which leaves no transaction open where it commits by itself: `schema` is also what is not known. */
export function isDdl(sql: string): boolean {
  return DDL.test(sql) && kindOf(sql) === 'schema';
}

const DDL = /^\s*(create|alter|drop|rename|truncate)\b/i;
const PASSING =
  /^[\s(]*(select|show|desc|describe|explain|set|use|pragma|(create|drop)\s+temporary)\b/i;
const TRANSACTION = /^\s*(start\s+transaction|begin|commit|rollback|savepoint|release)\b/i;
const ROWS = /^\s*(insert|update|delete|replace|load|call|do)\b/i;

/** As it goes on record. */
export function statementOf(sql: string, values: unknown): Statement {
  const hash = createHash('sha256')
    .update(JSON.stringify([sql, values ?? []]))
    .digest('hex');
  return { sql: sql.trim().slice(0, KEPT), hash: hash.slice(0, 16) };
}

/** The answer to a statement that is left out, in the form that TypeORM asks for. */
export function nothingWritten(structured: boolean): unknown {
  return structured ? { raw: { affectedRows: 0, insertId: 0 }, records: [], affected: 0 } : [];
}
