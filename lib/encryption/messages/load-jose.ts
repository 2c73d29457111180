import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PackageMissingError } from '../../tenancy.error.js';

const NAME = 'jose';

/** What is used of the package, so that no declaration file of this one asks for its types. */
export type Jose = Pick<
  typeof import('jose'),
  'CompactEncrypt' | 'compactDecrypt' | 'decodeProtectedHeader'
>;

let loaded: Promise<Jose> | undefined;

/** Loaded when the first message is sealed or opened. @throws PackageMissingError */
export function loadJose(): Promise<Jose> {
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(): Promise<Jose> {
  try {
    // Where the app is: under jest a plain import() would need a flag.
    return createRequire(join(process.cwd(), 'app.js'))(NAME) as Jose;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return await import(NAME);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new PackageMissingError('Encrypting messages', NAME, error);
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
}
