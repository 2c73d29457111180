import { importPath } from '../workspace/project.js';
import type { Workspace } from '../workspace/workspace.js';
import { findRootModule } from './root-module.js';

export const ENGINES = ['mysql', 'mariadb', 'sqlite'] as const;
export type Engine = (typeof ENGINES)[number];

/** How requests name their tenant, as code of `tenancy.config.ts`. */
const IDENTIFIERS = {
  subdomain: { factory: 'bySubdomain', call: (host: string) => `bySubdomain({ of: '${host}' })` },
  domain: { factory: 'byDomain', call: () => 'byDomain()' },
  path: { factory: 'byPath', call: () => "byPath({ prefix: '/t' })" },
  header: {
    factory: 'byHeader',
    call: () =>
      '// Trusted: the gateway in front must set this header, and strip it from what clients send.\n' +
      "byHeader({ name: 'X-Tenant-Id', trusted: true })",
  },
} as const;
type IdentifierName = keyof typeof IDENTIFIERS;

/** What `nest-add` and `tenancy-config` ask for. */
export interface Settings {
  readonly engine?: Engine;
  /** A list, or their names with commas between. Default: subdomain and domain. */
  readonly identifiers?: readonly string[] | string;
  /** What the slugs stand before. */
  readonly host?: string;
}

/** Creates `tenancy.config.ts` unless it is there. */
export function createConfig(workspace: Workspace, settings: Settings): void {
  const { host = 'localhost' } = settings;
  const identifiers = readIdentifiers(settings);
  const chosen = identifiers.map((name) => IDENTIFIERS[name]);
  const names = [...chosen.map(({ factory }) => factory), 'defineTenancyConfig'].toSorted();
  const calls = chosen.map(({ call }) => `\n    ${call(host).replaceAll('\n', '\n    ')},`);
  const identify = identifiers.includes('header')
    ? `[${calls.join('')}\n  ]`
    : `[${chosen.map(({ call }) => call(host)).join(', ')}]`;
  workspace.create(
    workspace.project.configFile,
    `import { ${names.join(', ')} } from 'nestjs-tenancy';

/** The databases are left to the environment: see .env.example. */
export default defineTenancyConfig({
  central: {
    migrations: [],
  },
  tenants: {
    migrations: [],
  },
  identify: ${identify},
});
${appOf(workspace)}`,
  );
}

/** Where the command line finds the providers and the entities of the app. */
function appOf(workspace: Workspace): string {
  const { project } = workspace;
  const module = findRootModule(workspace);
  if (module === undefined) return '';
  // Node asks import() for the whole name of a file, whoever calls it.
  const path = importPath({ ...project, esm: true }, project.configFile, module);
  return `
/** For the command line: seeders, scripts and listeners have the app's providers and entities. */
export const app = () => import('${path}');
`;
}

/** @throws Error naming what is none */
function readIdentifiers({ identifiers: given = [] }: Settings): readonly IdentifierName[] {
  const names = (typeof given === 'string' ? [given] : given).flatMap((name) => name.split(','));
  const known = Object.keys(IDENTIFIERS);
  const isKnown = (name: string): name is IdentifierName => known.includes(name);
  const unknown = names.filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    throw new Error(`No identifier: ${unknown.join(', ')}. There are ${known.join(', ')}`);
  }
  return names.length > 0 ? names.filter(isKnown) : ['subdomain', 'domain'];
}
