import { resolve as resolvePath } from 'node:path';
import { DatabaseUrlProblem, parseDatabaseUrl, type DatabaseAddress } from './database-url.js';
import type { OptionIssue } from './errors.js';

export function checkCentralUrl(url: unknown): OptionIssue[] {
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

/** The address of a URL, or what is wrong with it. */
export function readUrl(url: string, path: string): DatabaseAddress | OptionIssue[] {
  try {
    const address = parseDatabaseUrl(url);
    return address.engine === 'sqlite' ? { ...address, path: resolvePath(address.path) } : address;
  } catch (error) {
    if (!(error instanceof DatabaseUrlProblem)) throw error;
    return [{ path, problem: error.message, remedy: 'See docs/03-CONFIGURATION.md#database-urls' }];
  }
}
