import { installJwcrypto, isDebianRoot } from './debian';
import { runTool } from './run-tool';

/** The one that is on the PATH, and Debian's own, which is the one that its packages are for. */
const PYTHONS = ['python3', '/usr/bin/python3'];

/**
 * The Python that has `jwcrypto`: one that is there; else it is installed now (Debian, as root).
 * @throws Error that says what to install
 */
export async function findJwcrypto(): Promise<string> {
  const there = await pythonWithJwcrypto();
  if (there !== undefined) return there;
  if (isDebianRoot()) await installJwcrypto();
  const installed = await pythonWithJwcrypto();
  if (installed !== undefined) return installed;
  throw new Error(
    'There is no Python with jwcrypto on this machine (apt-get install python3-jwcrypto, pip install jwcrypto).',
  );
}

async function pythonWithJwcrypto(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    try {
      await runTool(python, ['-c', 'import jwcrypto']);
      return python;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
