import { NotToBeCopiedError } from '../schema-copies.js';
import type { Row } from './query.js';
import { quoteName } from './quote-name.js';

type Run = (sql: string) => Promise<readonly Row[]>;

/** Views, each after those that it reads. */
export async function dumpViews(run: Run, names: readonly string[]): Promise<readonly string[]> {
  const views: { readonly name: string; readonly text: string; readonly session: string }[] = [];
  for (const name of names) {
    const [row] = await run(`SHOW CREATE VIEW ${quoteName(name)}`);
    const text = withoutDefiner(String(row['Create View']));
    views.push({ name, text, session: sessionOf(row) });
  }
  const ordered: typeof views = [];
  while (views.length > 0) {
    const first = views.findIndex(({ name, text }) =>
      views.every((other) => other.name === name || !text.includes(quoteName(other.name))),
    );
    // A column may be called as another view is: then any order may do.
    ordered.push(...views.splice(Math.max(0, first), 1));
  }
  return ordered.flatMap(({ session, text }) => [session, text]);
}

/** Stored routines, and what runs by itself. */
export async function dumpPrograms(run: Run) {
  const routines: string[] = [];
  for (const { name, type } of await run(
    'SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type FROM information_schema.routines ' +
      'WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY ROUTINE_TYPE, ROUTINE_NAME',
  )) {
    if (type === 'PROCEDURE')
      routines.push(...(await dumpOne(run, 'PROCEDURE', name, 'Create Procedure')));
    else if (type === 'FUNCTION')
      routines.push(...(await dumpOne(run, 'FUNCTION', name, 'Create Function')));
    else throw new NotToBeCopiedError(`${String(name)} is a ${String(type)}`);
  }
  const triggersAndEvents: string[] = [];
  for (const { name } of await run(
    'SELECT TRIGGER_NAME AS name FROM information_schema.triggers WHERE TRIGGER_SCHEMA = DATABASE() ' +
      'ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER',
  )) {
    triggersAndEvents.push(...(await dumpOne(run, 'TRIGGER', name, 'SQL Original Statement')));
  }
  for (const { name } of await run(
    'SELECT EVENT_NAME AS name FROM information_schema.events WHERE EVENT_SCHEMA = DATABASE() ORDER BY EVENT_NAME',
  )) {
    triggersAndEvents.push(...(await dumpOne(run, 'EVENT', name, 'Create Event')));
  }
  return { routines, triggersAndEvents };
}

async function dumpOne(run: Run, kind: string, name: unknown, column: string): Promise<string[]> {
  const [row] = await run(`SHOW CREATE ${kind} ${quoteName(String(name))}`);
  const text = row[column];
  if (typeof text !== 'string') {
    throw new NotToBeCopiedError(
      `the account that migrates may not see the ${kind} ${String(name)}`,
    );
  }
  return [
    `${sessionOf(row)}, sql_mode = '${String(row.sql_mode)}'`,
    withoutDefiner(text),
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
  ];
}

/** A thing keeps what its texts were written in. */
function sessionOf({
  character_set_client: charset,
  collation_connection: collation,
  time_zone: zone,
}: Row): string {
  if (charset !== 'utf8mb4') {
    throw new NotToBeCopiedError(`it has a view or program written in ${String(charset)}`);
  }
  const names = `SET NAMES utf8mb4 COLLATE ${String(collation)}`;
  return typeof zone === 'string' ? `${names}, time_zone = '${zone}'` : names;
}

/** Who migrates is who it belongs to, also when that is another account than the one that the dump is of. */
function withoutDefiner(text: string): string {
  return text.replace(/DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*` /, '');
}
