import { ok, problem, some, warning, type Check, type Finding, type SetUp } from './check.js';

/** Whether the databases can hold every character, and compare alike. */
export const collations: Check = {
  name: 'character sets',
  run: async (setUp) => [...ofCentral(setUp), ...ofTenants(setUp)],
};

const WANTED = 'utf8mb4';

/** This package's own tables say themselves what they hold; the app's are made as the database is. */
function ofCentral({ central, centralDatabase }: SetUp): Finding[] {
  const database = central?.databases.find(({ name }) => name === centralDatabase);
  if (database === undefined || database.charset === '') return [];
  const { charset, collation } = database;
  if (charset === WANTED) return [ok('central', `is ${collation}`)];
  const message = `database "${centralDatabase}" is ${collation}`;
  return [warning('central', message, remedyFor(centralDatabase))];
}

function ofTenants({ servers, tenants }: SetUp): Finding[] {
  return servers.flatMap((server) => {
    if (!server.hasTenants || server.facts === undefined) return [];
    const own = new Map(
      tenants.filter((one) => one.server === server.name).map((one) => [one.database, one.slug]),
    );
    const databases = server.databases.filter(({ name }) => own.has(name));
    const findings = databases
      .filter(({ charset }) => charset !== WANTED)
      .map(({ name, collation }) =>
        problem(
          server.name,
          `database "${name}" of tenant ${own.get(name)} is ${collation}`,
          remedyFor(name),
        ),
      );
    return [...findings, ...differing(server.name, databases)];
  });
}

/** What sorts and compares in another way for one tenant than for the next. */
function differing(
  server: string,
  databases: readonly { readonly name: string; readonly collation: string }[],
): Finding[] {
  const byCollation = new Map<string, string[]>();
  for (const { name, collation } of databases) {
    byCollation.set(collation, [...(byCollation.get(collation) ?? []), name]);
  }
  if (byCollation.size < 2) return [];
  const groups = [...byCollation].toSorted(([, a], [, b]) => b.length - a.length);
  const [[usual], ...others] = groups;
  return others.map(([collation, those]) =>
    warning(
      server,
      `${some(those)}: ${collation}, where most tenants have ${usual}`,
      `ALTER DATABASE \`…\` COLLATE ${usual}; and convert their tables`,
    ),
  );
}

function remedyFor(name: string): string {
  return `ALTER DATABASE \`${name}\` CHARACTER SET ${WANTED}; and ALTER TABLE … CONVERT TO CHARACTER SET ${WANTED} for the tables that are there`;
}
