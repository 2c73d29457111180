import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Formats `text` as the file at `path`. Rejects with what prettier says of a text that it cannot read. */
export type Format = (path: string, text: string) => Promise<string>;

/** The project's own prettier, with the project's options; undefined where there is none. */
export function findFormat(root = process.cwd()): Format | undefined {
  const command = findPrettier(root);
  if (command === undefined) return undefined;
  return (path, text) => runPrettier(command, join(root, path), text);
}

/** The command, because prettier's function is an ES module and these files are not. */
function findPrettier(root: string): string | undefined {
  try {
    const file = createRequire(join(root, 'package.json')).resolve('prettier/package.json');
    const { bin }: { bin: string | Record<string, string> } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    const path = typeof bin === 'string' ? bin : bin.prettier;
    return path === undefined ? undefined : join(dirname(file), path);
  } catch {
    return undefined; // The project has none.
  }
}

function runPrettier(command: string, path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = [command, '--stdin-filepath', path];
    const child = execFile(process.execPath, args, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim(), { cause: error }));
      else resolve(stdout);
    });
    child.stdin?.end(text);
  });
}
