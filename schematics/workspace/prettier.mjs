// Run by formatting.ts: formats the texts on standard input as the files of the project that they are to be, with the
// prettier, the options and the exceptions of the project. A text that cannot be formatted comes back with the reason.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const root = process.cwd();
const prettier = createRequire(join(root, 'package.json'))('prettier');

/** @import { Formatted, Unformatted } from './formatting.js' */

/** @type {(file: Unformatted) => Promise<Formatted>} */
async function format({ path, text: before }) {
  const filepath = join(root, path);
  try {
    const { ignored } = await prettier.getFileInfo(filepath, {
      ignorePath: [join(root, '.gitignore'), join(root, '.prettierignore')],
    });
    if (ignored) return { text: before };
    const options = await prettier.resolveConfig(filepath, { editorconfig: true });
    return { text: await prettier.format(before, { ...options, filepath }) };
  } catch (error) {
    return { text: before, problem: error instanceof Error ? error.message : String(error) };
  }
}

const files = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(await Promise.all(files.map(format))));
