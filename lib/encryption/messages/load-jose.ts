import { loadPackage } from '../../load-package.js';

/** What is used of the package, so that no declaration file of this one asks for its types. */
export type Jose = Pick<
  typeof import('jose'),
  'CompactEncrypt' | 'compactDecrypt' | 'decodeProtectedHeader'
>;

let loaded: Promise<Jose> | undefined;

/** Loaded when the first message is sealed or opened. @throws PackageMissingError */
export function loadJose(): Promise<Jose> {
  loaded ??= (loadPackage('jose', 'Encrypting messages') as Promise<Jose>).catch(
    (error: unknown) => {
      loaded = undefined;
      throw error;
    },
  );
  return loaded;
}
