import { CENTRAL_CHAIN } from '../audit-entry.js';
import type { Unplaced } from '../chain-writer.js';

/** As `CreateAuditOutbox` calls it. */
const OUTBOX = 'tenancy_audit_outbox';

/** What runs SQL where an outbox is: a query runner, an entity manager, a DataSource. */
export interface Database {
  query(sql: string, values: unknown[]): Promise<unknown>;
}

/** An entry that waits. */
export interface Waiting {
  readonly seq: number;
  readonly entry: Unplaced;
}

interface Row {
  readonly seq: number | string;
  readonly id: string;
  readonly at: number | string;
  readonly action: string;
  readonly actor: string | null;
  readonly request_id: string | null;
  readonly address: string | null;
  readonly details: string | null;
}

const COLUMNS = ['id', 'chain', 'at', 'action', 'actor', 'request_id', 'address', 'details']
  .map((name) => `\`${name}\``)
  .join(', ');
const MARKS = `(${COLUMNS.replaceAll(/`\w+`/g, '?')})`;

/** Rows in one statement: with the longest details they are within what servers take. */
const AT_ONCE = 50;

/** In the transaction that is open there. */
export async function addToOutbox(database: Database, entries: readonly Unplaced[]): Promise<void> {
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    const some = entries.slice(from, from + AT_ONCE);
    await database.query(
      `INSERT INTO \`${OUTBOX}\` (${COLUMNS}) VALUES ${some.map(() => MARKS).join(', ')}`,
      some.flatMap(valuesOf),
    );
  }
}

/** In the order of the columns. */
function valuesOf(entry: Unplaced): readonly unknown[] {
  const { id, chain, at, action, actor, requestId, address, details } = entry;
  return [id, chain, at, action, actor, requestId, address, details];
}

/** The first of what is committed, of one chain: a database that was copied to another tenant holds another's. */
export async function readOutbox(
  database: Database,
  chain: string,
  limit: number,
): Promise<readonly Waiting[]> {
  const rows = await database.query(
    `SELECT \`seq\`, ${COLUMNS} FROM \`${OUTBOX}\` WHERE \`chain\` = ? ORDER BY \`seq\` LIMIT ${limit}`,
    [chain],
  );
  return (rows as readonly Row[]).map(({ seq, ...row }) => ({
    seq: Number(seq),
    entry: {
      chain,
      id: row.id,
      at: Number(row.at),
      action: row.action,
      outcome: 'success',
      actor: row.actor,
      tenantId: chain === CENTRAL_CHAIN ? null : chain,
      requestId: row.request_id,
      address: row.address,
      details: row.details,
    },
  }));
}

export async function removeFromOutbox(
  database: Database,
  rows: readonly Waiting[],
): Promise<void> {
  if (rows.length === 0) return;
  await database.query(
    `DELETE FROM \`${OUTBOX}\` WHERE \`seq\` IN (${rows.map(() => '?').join(', ')})`,
    rows.map(({ seq }) => seq),
  );
}
