// The import rule, as a plugin of the linter: `rooms/imports`. The rooms and the reasons for their order are in
// docs/04-ARCHITECTURE.md.
import { dirname, join, relative, resolve, sep } from 'node:path';

/** @typedef {any} Node of the syntax tree; the linter publishes no types of it */

const FEATURES =
  'cache session storage queue realtime microservices schedule logging outgoing quota audit maintenance impersonation api-key encryption backup health metrics'.split(
    ' ',
  );

/**
 * The rooms of lib/ and its files outside of a room, bottom to top. A room imports from the levels below its own only:
 * never from above, never from a neighbour on its level.
 */
const LEVELS = [
  ['tenancy.error'],
  ['load-package'],
  ['options', 'context'],
  ['redis'],
  ['database'],
  ['tenant'],
  ['migration', 'identify'],
  ['http', ...FEATURES],
  ['admin'],
  ['data-sources'],
  ['tenancy.module'],
  ['cli'],
  ['index'],
];

/** Neighbours that describe themselves in each other's words: types, nothing that runs. */
const SHARE_TYPES = ['options', 'context'];

/** Packages that one place alone knows. */
const KEEPERS = [
  {
    place: /^lib\/http\//,
    packages: /^(express|fastify|@fastify\/.+|@nestjs\/platform-(express|fastify))(\/|$)/,
    message:
      'Only lib/http knows Express and Fastify. What differs between them belongs there; elsewhere read the request ' +
      'through IdentifiableRequest (lib/options/identifier.ts).',
  },
  {
    place: /^lib\/database\/engines\//,
    packages: /^(mysql2|better-sqlite3|typeorm\/driver)(\/|$)/,
    message:
      'Only lib/database/engines knows a driver. SQL and calls that differ between databases belong there, behind ' +
      'the interface that the engines share.',
  },
  {
    place: /^lib\/(database\/engines|redis)\//,
    packages: /^typeorm\/platform(\/|$)/,
    message: 'Only lib/database/engines and lib/redis load a client of a server.',
  },
  {
    place: /^lib\/redis\//,
    packages: /^redis(\/|$)/,
    message:
      'Only lib/redis knows the client of Redis. Elsewhere use RedisConnections and Signals.',
  },
];

const lib = join(dirname(import.meta.dirname), 'lib');

/** The room of a file of lib/: `database` for lib/database/lease.ts, `index` for lib/index.ts. */
function roomOf(/** @type {string} */ file) {
  const [first] = relative(lib, file).split(sep);
  return first?.replace(/\.[jt]s$/, '') || 'index';
}

function levelOf(/** @type {string} */ room) {
  return LEVELS.findIndex((level) => level.includes(room));
}

/** What is wrong with `file` importing `specifier`, or undefined. */
function problemOf(
  /** @type {string} */ file,
  /** @type {string} */ specifier,
  /** @type {boolean} */ typesOnly,
) {
  if (!specifier.startsWith('.')) {
    const keeper = KEEPERS.find(({ packages }) => packages.test(specifier));
    return keeper && !keeper.place.test(`lib/${relative(lib, file)}`) ? keeper.message : undefined;
  }
  const from = roomOf(file);
  if (levelOf(from) < 0) return undefined; // reported as a whole
  const to = roomOf(resolve(dirname(file), specifier));
  if (to === '..')
    return `lib/${from} imports from outside of lib/, which is all that the package ships.`;
  if (from === to || levelOf(to) < levelOf(from)) return undefined;
  if (levelOf(to) > levelOf(from)) {
    return (
      `lib/${to} is above lib/${from}, and imports go down only. What ${from} needs belongs in ${from} or lower; ` +
      `or ${from} declares an interface, and ${to} implements it.`
    );
  }
  if (typesOnly && SHARE_TYPES.includes(from) && SHARE_TYPES.includes(to)) return undefined;
  return (
    `lib/${to} is a neighbour of lib/${from}, and neighbours do not import each other. What both need belongs in a ` +
    `room below them; what one has to tell the other goes by event.`
  );
}

/** True when nothing of the import is left at run time. */
function isTypeOnly(/** @type {Node} */ node) {
  const kind = node.importKind ?? node.exportKind;
  const specifiers = node.specifiers ?? [];
  return (
    kind === 'type' ||
    (specifiers.length > 0 &&
      specifiers.every((/** @type {Node} */ one) => (one.importKind ?? one.exportKind) === 'type'))
  );
}

const imports = {
  create(/** @type {any} */ context) {
    const file = context.filename;
    const check = (/** @type {Node} */ source, typesOnly = false) => {
      if (typeof source?.value !== 'string') return;
      const message = problemOf(file, source.value, typesOnly);
      if (message) context.report({ node: source, message });
    };
    const checkStatement = (/** @type {Node} */ node) => check(node.source, isTypeOnly(node));
    return {
      Program(/** @type {Node} */ node) {
        const room = roomOf(file);
        if (levelOf(room) >= 0) return;
        const message = `lib/${room} is no room. Move the file into one, or give the room its level in tools/rooms.mjs.`;
        context.report({ node, message });
      },
      ImportDeclaration: checkStatement,
      ExportNamedDeclaration: checkStatement,
      ExportAllDeclaration: checkStatement,
      ImportExpression: (/** @type {Node} */ node) => check(node.source),
      TSImportType: (/** @type {Node} */ node) => check(node.source, true),
      TSExternalModuleReference: (/** @type {Node} */ node) => check(node.expression),
      CallExpression(/** @type {Node} */ node) {
        if (node.callee.name === 'require') check(node.arguments[0]);
      },
    };
  },
};

/** A cast through unknown is a hole in the types with a lid on it. */
const castThroughUnknown = {
  create(/** @type {any} */ context) {
    return {
      TSAsExpression(/** @type {Node} */ node) {
        if (node.expression.type !== 'TSAsExpression') return;
        if (node.expression.typeAnnotation.type !== 'TSUnknownKeyword') return;
        context.report({ node, message: 'Narrow the value, or type it where it comes from.' });
      },
    };
  },
};

export default {
  meta: { name: 'rooms' },
  rules: { imports, 'no-cast-through-unknown': castThroughUnknown },
};
