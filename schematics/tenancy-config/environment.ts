import type { Workspace } from '../workspace/workspace.js';
import { ENGINES, type Engine } from './settings.js';

const PATH = '/.env.example';

/** A variable of `.env.example`, with what is said of it above. */
interface Variable {
  readonly comment: string;
  readonly name: string;
  readonly value: string;
}

/** What is known of the server already. */
export interface KnownServer {
  readonly host?: string;
  readonly port?: string;
  readonly maxConnections?: string;
}

/** Adds the variables that `.env.example` does not have. */
export function addEnvironment(
  workspace: Workspace,
  engine: Engine,
  known: KnownServer = {},
): void {
  const before = workspace.read(PATH) ?? '';
  const end = before.includes('\r\n') ? '\r\n' : '\n';
  const missing = variables(engine, known).filter(({ name }) => !linesOf(before).some(isFor(name)));
  if (missing.length === 0) return;
  const added = missing.flatMap(({ comment, name, value }) => [`# ${comment}`, `${name}=${value}`]);
  const gap = before === '' || before.endsWith('\n') ? '' : end;
  const content = before + gap + added.map((line) => line + end).join('');
  if (before === '' && !workspace.tree.exists(PATH)) workspace.tree.create(PATH, content);
  else workspace.tree.overwrite(PATH, content);
}

/** Removes the variables with the comments that were added with them; the file, too, when nothing else is in it. */
export function removeEnvironment(workspace: Workspace): void {
  const before = workspace.read(PATH);
  if (before === undefined) return;
  const ours = ENGINES.flatMap((engine) => variables(engine, {}));
  const isOurs = (line: string): boolean =>
    ours.some(({ comment, name }) => line === `# ${comment}` || isFor(name)(line));
  const end = before.includes('\r\n') ? '\r\n' : '\n';
  const kept = linesOf(before).filter((line) => !isOurs(line));
  if (kept.join('').trim() === '') workspace.tree.delete(PATH);
  else if (kept.join(end) !== before) workspace.tree.overwrite(PATH, kept.join(end));
}

function variables(engine: Engine, known: KnownServer): readonly Variable[] {
  const { host = '127.0.0.1', port = '3306', maxConnections = '20' } = known;
  const server = `${engine}://user:password@${host}:${port}`;
  const embedded = engine === 'sqlite';
  return [
    {
      comment: embedded
        ? 'The central database, where the tenants are listed: a file.'
        : 'The central database, where the tenants are listed. It must exist.',
      name: 'TENANCY_CENTRAL_URL',
      value: embedded ? 'sqlite:./.tenancy/central.sqlite' : `${server}/central`,
    },
    {
      comment: embedded
        ? "Where the tenants' databases are made: a folder, with a file for each tenant."
        : "The server that the tenants' databases are made on.",
      name: 'TENANCY_SERVER_URL',
      value: embedded ? 'sqlite:./.tenancy/tenants' : server,
    },
    {
      comment: 'How many connections to it one process may have open.',
      name: 'TENANCY_MAX_CONNECTIONS',
      value: maxConnections,
    },
  ];
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/);
}

function isFor(name: string): (line: string) => boolean {
  return (line) => line.replace(/^\s*(export\s+)?/, '').startsWith(`${name}=`);
}
