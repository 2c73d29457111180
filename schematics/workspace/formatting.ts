import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export interface Unformatted {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

export interface Formatted {
  readonly text: string;
  /** Why the text is as it was. */
  readonly problem?: string;
}

/**
 * Formats texts by the project's own prettier, with the project's options; in a process of its own, because prettier is
 * an ES module and these files are not.
 * @returns undefined when the project has no prettier
 */
export async function formatAll(
  files: readonly Unformatted[],
): Promise<readonly Formatted[] | undefined> {
  if (files.length === 0 || !hasPrettier()) return undefined;
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: Infinity };
    const script = join(__dirname, 'prettier.mjs');
    const child = execFile(process.execPath, [script], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`prettier failed: ${stderr.trim()}`, { cause: error }));
      else resolve(JSON.parse(stdout));
    });
    child.stdin?.end(JSON.stringify(files));
  });
}

function hasPrettier(): boolean {
  try {
    createRequire(join(process.cwd(), 'package.json')).resolve('prettier');
    return true;
  } catch {
    return false;
  }
}
