import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { resolve as resolvePath } from 'node:path';
import { closest } from 'fastest-levenshtein';
import {
  addressKey,
  DatabaseUrlProblem,
  parseDatabaseUrl,
  type DatabaseAddress,
} from './database-url.js';
import { TenancyOptionsError, type OptionIssue } from './errors.js';
import type { Identifier } from './identifier.js';
import {
  CentralOptions,
  HttpOptions,
  RegistryOptions,
  ServerOptions,
  TenancyOptions,
  TenantsOptions,
} from './tenancy-options.js';
import { DECIDED_HERE } from './typeorm-pass-through.js';

type Section = new () => object;

/**
 * Checks the whole tree and reports every problem at once.
 * @throws TenancyOptionsError
 */
export function validateOptions(options: TenancyOptions): void {
  const given: unknown = options;
  if (!isPlainObject(given)) throw new TenancyOptionsError([NO_OPTIONS]);
  const issues = [
    ...checkSection(TenancyOptions, options, ''),
    ...checkSection(CentralOptions, options.central, 'central'),
    ...checkSection(TenantsOptions, options.tenants, 'tenants'),
    ...checkSection(HttpOptions, options.http, 'http'),
    ...checkSection(RegistryOptions, options.registry, 'registry'),
    ...checkTypeOrm(options.central?.typeorm, 'central.typeorm'),
    ...checkTypeOrm(options.tenants?.typeorm, 'tenants.typeorm'),
    ...checkCentralUrl(options.central?.url),
    ...checkServers(options.tenants?.servers),
    ...checkIdentifiers(options.identify),
  ];
  if (issues.length > 0) throw new TenancyOptionsError(issues);
}

const NO_OPTIONS: OptionIssue = {
  path: 'options',
  problem: 'must be an object',
  remedy: 'Return defineTenancyConfig({ … }) from the factory; {} for the defaults',
};

function checkSection(section: Section, value: unknown, path: string): OptionIssue[] {
  if (!isPlainObject(value)) return [];
  const known = keysOf(section);
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const unknown = Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: at(key),
      problem: 'unknown option',
      remedy: `Did you mean "${closest(key, known)}"? Known here: ${known.join(', ')}`,
    }));
  const absent = Object.keys(value)
    .filter((key) => known.includes(key) && value[key] === null)
    .map((key) => ({ path: at(key), problem: 'is null', remedy: 'Leave it out for the default' }));
  const wrong = validateSync(Object.assign(new section(), value)).map((error) => ({
    path: at(error.property),
    problem: problemOf(error),
    remedy: 'See docs/03-CONFIGURATION.md for its meaning, unit and default',
  }));
  return [...unknown, ...absent, ...wrong];
}

function keysOf(section: Section): string[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(section, '', false, false);
  return [...new Set(metadata.map(({ propertyName }) => propertyName))];
}

function problemOf(error: ValidationError): string {
  const messages = Object.values(error.constraints ?? {});
  return messages.map((message) => message.replace(`${error.property} `, '')).join(', and ');
}

function checkTypeOrm(typeorm: unknown, path: string): OptionIssue[] {
  if (!isPlainObject(typeorm)) return [];
  return Object.entries(DECIDED_HERE)
    .filter(([key]) => key in typeorm)
    .map(([key, remedy]) => ({
      path: `${path}.${key}`,
      problem: 'is decided by this package',
      remedy,
    }));
}

function checkCentralUrl(url: unknown): OptionIssue[] {
  if (typeof url !== 'string') return [];
  const parsed = readUrl(url, 'central.url');
  if (Array.isArray(parsed)) return parsed;
  if (parsed.engine === 'mysql' && parsed.database === '') {
    return [
      {
        path: 'central.url',
        problem: 'names no database',
        remedy: 'Append it to the URL: mysql://user:password@host:3306/central',
      },
    ];
  }
  if (parsed.engine === 'sqlite' && !parsed.path.endsWith('.sqlite')) {
    return [
      {
        path: 'central.url',
        problem: 'names a file that does not end in .sqlite',
        remedy: 'Write sqlite:./folder/central.sqlite',
      },
    ];
  }
  return [];
}

/** As many characters as the central table keeps. */
const MAX_SERVER_NAME = 64;

function checkServers(servers: unknown): OptionIssue[] {
  if (!isPlainObject(servers)) return [];
  const entries = Object.entries(servers);
  if (entries.length === 0) {
    return [
      {
        path: 'tenants.servers',
        problem: 'names no server',
        remedy: "Give at least one: servers: { main: { url: 'mysql://user:password@host:3306' } }",
      },
    ];
  }
  const seen = new Map<string, string>();
  return entries.flatMap(([name, server]) => {
    const path = `tenants.servers.${name}`;
    if (!isPlainObject(server)) {
      return [{ path, problem: 'must be an object', remedy: `Write ${name}: { url: '…' }` }];
    }
    const issues = checkSection(ServerOptions, server, path);
    if (name.length > MAX_SERVER_NAME) {
      const problem = `has a name longer than ${MAX_SERVER_NAME} characters`;
      issues.push({ path, problem, remedy: 'Choose a shorter one: tenants are recorded with it' });
    }
    if (typeof server.url !== 'string') return issues;
    const parsed = readUrl(server.url, `${path}.url`);
    if (Array.isArray(parsed)) return [...issues, ...parsed];
    if (parsed.engine === 'mysql' && parsed.database !== '') {
      issues.push({
        path: `${path}.url`,
        problem: 'names a database, while each tenant has its own',
        remedy: 'Remove the path: mysql://user:password@host:3306',
      });
    }
    const key = addressKey(parsed);
    const twin = seen.get(key);
    if (twin !== undefined) {
      issues.push({
        path: `${path}.url`,
        problem: `leads to the same address as tenants.servers.${twin}.url`,
        remedy: 'Two pools for one server would break the bound of each: merge them into one',
      });
    }
    seen.set(key, name);
    return issues;
  });
}

function readUrl(url: string, path: string): DatabaseAddress | OptionIssue[] {
  try {
    const address = parseDatabaseUrl(url);
    return address.engine === 'sqlite' ? { ...address, path: resolvePath(address.path) } : address;
  } catch (error) {
    if (!(error instanceof DatabaseUrlProblem)) throw error;
    return [{ path, problem: error.message, remedy: 'See docs/03-CONFIGURATION.md#database-urls' }];
  }
}

function checkIdentifiers(identifiers: unknown): OptionIssue[] {
  if (!Array.isArray(identifiers)) return [];
  if (identifiers.length === 0) {
    return [
      {
        path: 'identify',
        problem: 'holds no identifier, so no request could ever find its tenant',
        remedy: 'Leave it out for the default, or give one: identify: [byDomain()]',
      },
    ];
  }
  return identifiers.flatMap((identifier: unknown, index) => {
    const path = `identify[${index}]`;
    if (!isIdentifier(identifier)) {
      return [
        {
          path,
          problem: 'is not an identifier',
          remedy: 'Call one: byDomain(), bySubdomain({ of }), byHeader({ … }), byCustom({ … })',
        },
      ];
    }
    if (!identifier.forgeable || identifier.authorize || identifier.trusted) return [];
    return [
      {
        path: `${path} (${identifier.name})`,
        problem: 'any client can forge it and so choose its tenant',
        remedy:
          'Give authorize: ({ tenant, request }) => boolean, which decides whether this client may act there; ' +
          'or trusted: true, when a gateway in front sets it and strips what clients send',
      },
    ];
  });
}

function isIdentifier(value: unknown): value is Identifier {
  return (
    isPlainObject(value) && typeof value.identify === 'function' && typeof value.name === 'string'
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
