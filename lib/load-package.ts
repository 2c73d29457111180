import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PackageMissingError } from './tenancy.error.js';

/**
 * An optional package, when it is first needed: the app's own, else the one beside this package.
 * @param name of the package
 * @param feature what needs it, for the error
 * @throws PackageMissingError
 */
export async function loadPackage(name: string, feature: string): Promise<unknown> {
  try {
    // Where the app is: under jest a plain import() would need a flag.
    return createRequire(join(process.cwd(), 'app.js'))(name);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return await import(name);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new PackageMissingError(feature, name, error);
  }
}

/** Not by `instanceof Error`: test runners have an `Error` of their own, which those of node are none of. */
function isMissing(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error && error.code;
  return typeof code === 'string' && MISSING.includes(code);
}

/** The last is what jest says to any import(), for want of that flag: what the app does not have is not found there. */
const MISSING = [
  'MODULE_NOT_FOUND',
  'ERR_MODULE_NOT_FOUND',
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG',
];
