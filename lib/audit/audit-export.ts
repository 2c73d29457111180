import { Readable } from 'node:stream';
import type { AuditEntry } from './audit-entry.js';
import { entryOf } from './audit-reader.js';
import type { AuditRow } from './audit-row.entity.js';
import { AuditQueryError } from './errors.js';

/** Comma-separated (RFC 4180), or a JSON object on each line. */
export type AuditFormat = 'csv' | 'ndjson';

const COLUMNS = [
  'chain',
  'seq',
  'id',
  'at',
  'action',
  'outcome',
  'actor',
  'tenantId',
  'requestId',
  'address',
  'details',
  'keyId',
  'previous',
  'hash',
] as const satisfies readonly (keyof AuditEntry)[];

/** @throws AuditQueryError */
export function exportEntries(format: AuditFormat, rows: AsyncIterable<AuditRow>): Readable {
  if (format !== 'csv' && format !== 'ndjson') {
    throw new AuditQueryError('format must be csv or ndjson');
  }
  return Readable.from(format === 'csv' ? csv(rows) : ndjson(rows), { objectMode: false });
}

async function* csv(rows: AsyncIterable<AuditRow>) {
  yield `${COLUMNS.join(',')}\r\n`;
  for await (const row of rows) {
    const entry = entryOf(row);
    const values = COLUMNS.map((column) => (column === 'details' ? row.details : entry[column]));
    yield `${values.map(cell).join(',')}\r\n`;
  }
}

async function* ndjson(rows: AsyncIterable<AuditRow>) {
  for await (const row of rows) yield `${JSON.stringify(entryOf(row))}\n`;
}

function cell(value: string | number | Date | null): string {
  const text = value instanceof Date ? timeOf(value) : String(value ?? '');
  // What begins so, spreadsheets take for a formula and run.
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** In UTC. A row that somebody has changed may hold no time at all; it is for `verify` to say so. */
export function timeOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'no time' : date.toISOString();
}
