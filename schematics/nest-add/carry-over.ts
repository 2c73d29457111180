import { posix } from 'node:path';
import type ts from 'typescript';
import { addOption, optionAt } from '../source/config-file.js';
import { addImport } from '../source/edit-imports.js';
import { importsIn, namesIn, type Import } from '../source/imports.js';
import type { Source } from '../source/source.js';
import type { KnownServer } from '../tenancy-config/environment.js';
import type { Engine } from '../tenancy-config/settings.js';
import { destinationOf } from './typeorm-options.js';

/** An option of `TypeOrmModule.forRoot(…)` that can be written into another file. */
interface Movable {
  readonly path: readonly string[];
  readonly value: string;
  readonly imports: readonly Import[];
}

/** What there was to carry over from `TypeOrmModule.forRoot(…)`. */
export interface CarriedOver {
  /** Undefined when `type` is not written out. */
  readonly engine: Engine | undefined;
  readonly server: KnownServer;
  /** The database that was there, when its name is written out. */
  readonly database: string | undefined;
  readonly movable: readonly Movable[];
  /** What is left to the user: `logging: config.get('LOG')`, and why. */
  readonly notes: readonly string[];
}

/**
 * Reads the options of the `TypeOrmModule.forRoot(…)` that `TenancyModule` takes the place of.
 * @returns why they are left, when that cannot be done
 */
export function readTypeOrmOptions(
  source: Source,
  options: ts.ObjectLiteralExpression,
): CarriedOver | string {
  const { ts } = source;
  const literals = new Map<string, string>();
  const movable: Movable[] = [];
  const notes: string[] = [];
  for (const property of options.properties) {
    const { name } = property;
    if (name === undefined || !(ts.isIdentifier(name) || ts.isStringLiteral(name)))
      return NOT_WRITTEN_OUT;
    const value = valueOf(source, property);
    const destination = destinationOf(name.text);
    if (destination.to === 'nowhere') {
      const isOff = value?.kind === ts.SyntaxKind.FalseKeyword;
      if (!isOff) notes.push(`${name.text}: ${destination.why}`);
    } else if (destination.to === 'environment') {
      if (value && ts.isLiteralExpression(value)) literals.set(name.text, value.text);
    } else {
      const imports = value && importsNeeded(source, value);
      if (imports === undefined)
        notes.push(`${oneLine(property.getText())}: not known outside of its place`);
      else
        movable.push({
          path: [...PLACES[destination.to], name.text],
          value: value?.getText() ?? '',
          imports,
        });
    }
  }
  const type = literals.get('type');
  const engine = ENGINE_OF_TYPE.get(type ?? '');
  if (type !== undefined && engine === undefined) {
    return `TypeOrmModule is on "${type}", and this package serves MySQL, MariaDB and SQLite`;
  }
  return {
    engine,
    server: {
      host: literals.get('host'),
      port: literals.get('port'),
      maxConnections: literals.get('poolSize'),
    },
    database: literals.get('database'),
    movable,
    notes,
  };
}

export const NOT_WRITTEN_OUT = 'the options of TypeOrmModule are put together at run time';

const ENGINE_OF_TYPE: ReadonlyMap<string, Engine> = new Map([
  ['mysql', 'mysql'],
  ['mariadb', 'mariadb'],
  ['better-sqlite3', 'sqlite'],
  ['sqlite', 'sqlite'],
]);

const PLACES = {
  tenants: ['tenants'],
  typeorm: ['tenants', 'typeorm'],
  connection: ['tenants', 'servers', 'main', 'connection'],
} as const;

/**
 * Writes an option into `tenancy.config.ts`.
 * @param from the file that it comes from, which its relative imports start at
 * @returns false when the configuration says something else there already
 */
export function moveInto(config: Source, { path, value, imports }: Movable, from: string): boolean {
  const there = optionAt(config, path);
  if (there?.getText() === value) return true;
  const isEmptyList =
    there !== undefined && config.ts.isArrayLiteralExpression(there) && there.elements.length === 0;
  if (there !== undefined && !isEmptyList) return false;
  for (const { local, name, from: specifier } of imports) {
    const moved = specifierFrom(config.path, from, specifier);
    if (addImport(config, name, moved, local) !== local) return false;
  }
  if (path.includes('servers')) nameServer(config);
  const empty = optionAt(config, path);
  if (empty === undefined) return addOption(config, path, value);
  config.replace(empty.getStart(), empty.getEnd(), value);
  return true;
}

/** Options of its connections belong to a server, so that it must be named in the file. */
function nameServer(config: Source): void {
  const server = ['tenants', 'servers', 'main'];
  addOption(config, [...server, 'url'], "process.env.TENANCY_SERVER_URL ?? ''");
  addOption(
    config,
    [...server, 'maxConnections'],
    'Number(process.env.TENANCY_MAX_CONNECTIONS ?? 20)',
  );
}

function specifierFrom(to: string, from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const target = posix.join(posix.dirname(from), specifier);
  const path = posix.relative(posix.dirname(to), target);
  return path.startsWith('.') ? path : `./${path}`;
}

/** Names that mean the same in every file of a folder. */
const GLOBALS = new Set(
  'process __dirname __filename Number String Boolean Math JSON Object Array parseInt undefined'.split(
    ' ',
  ),
);

/** The imports that `value` needs in another file; undefined when it needs more than that. */
function importsNeeded(source: Source, value: ts.Node): readonly Import[] | undefined {
  const imports = importsIn(source);
  const needed: Import[] = [];
  for (const name of namesIn(source, value)) {
    if (GLOBALS.has(name)) continue;
    const found = imports.find(({ local }) => local === name);
    // An alias or a namespace is written differently.
    if (found === undefined || (found.local !== found.name && found.name !== 'default'))
      return undefined;
    needed.push(found);
  }
  return needed;
}

function valueOf({ ts }: Source, property: ts.ObjectLiteralElementLike): ts.Expression | undefined {
  if (ts.isPropertyAssignment(property)) return property.initializer;
  return ts.isShorthandPropertyAssignment(property) ? property.name : undefined;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
