/** A server or a file, read from the URL of `central.url` or of a server's `url`. */
export type DatabaseAddress = MysqlAddress | SqliteAddress;

export interface MysqlAddress {
  readonly engine: 'mysql';
  /** Which of the two the URL's scheme names; TypeORM treats them differently (`RETURNING`, `uuid`). */
  readonly dialect: 'mysql' | 'mariadb';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The path of the URL: the central database. Empty for a server of tenants. */
  readonly database: string;
}

export interface SqliteAddress {
  readonly engine: 'sqlite';
  /** The central file, or the folder of the tenants' files. */
  readonly path: string;
}

/**
 * Reads a database URL.
 * @throws DatabaseUrlProblem saying what is wrong; never with the URL in it, which holds a password
 */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  const scheme = url.slice(0, Math.max(url.indexOf(':'), 0));
  if (scheme === 'sqlite') {
    const path = url.slice('sqlite:'.length).replace(/^\/\/(?!\/)/, '');
    if (path === '' || path === ':memory:') {
      throw new DatabaseUrlProblem('needs a path on disk: sqlite:./folder');
    }
    return { engine: 'sqlite', path };
  }
  if (scheme !== 'mysql' && scheme !== 'mariadb') {
    throw new DatabaseUrlProblem(
      'must start with mysql://, mariadb:// or sqlite:, as in mysql://user:password@host:3306',
    );
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // With one of these in the password, what comes before it would pass for the host.
  if (parsed === undefined || parsed.hash !== '' || parsed.pathname.includes('@')) {
    throw new DatabaseUrlProblem(NOT_ENCODED);
  }
  if (parsed.hostname === '') throw new DatabaseUrlProblem('names no host');
  if (parsed.search !== '') {
    throw new DatabaseUrlProblem(
      'has a query string; options of the driver, such as ssl, go into `connection` beside the URL',
    );
  }
  return {
    engine: 'mysql',
    dialect: scheme,
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decode(parsed.username),
    password: decode(parsed.password),
    database: decode(parsed.pathname.slice(1)),
  };
}

const NOT_ENCODED =
  'is not a URL; characters such as @ / : # % in the password must be percent-encoded';

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DatabaseUrlProblem(NOT_ENCODED);
  }
}

export class DatabaseUrlProblem extends Error {}

/** The same for two URLs that lead to the same server or folder. Holds no password. */
export function addressKey(address: DatabaseAddress): string {
  return address.engine === 'sqlite'
    ? `sqlite:${address.path}`
    : `${address.host.toLowerCase()}:${address.port}`;
}
