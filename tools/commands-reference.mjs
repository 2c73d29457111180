// Writes the part of docs/09-COMMANDS_REFERENCE.md that is about `npx tenancy`, from the commands themselves.
//
// Usage: node tools/commands-reference.mjs [--check]. With --check nothing is written: it ends with 1 when the page is
// not what would be.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as prettier from 'prettier';
import ts from 'typescript';

/** @import { Command, Option } from 'commander' */

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/09-COMMANDS_REFERENCE.md');
const BEGIN = '<!-- commands: written by npm run docs:commands -->';
const END = '<!-- end of commands -->';

const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'commands-reference-'));
try {
  const before = readFileSync(page, 'utf8');
  const after = await withCommands(before, await load());
  if (before === after) console.log('Docs: the reference of commands is that of the commands.');
  else if (process.argv.includes('--check')) {
    console.error(`${relative(root, page)} is not what the commands say: npm run docs:commands`);
    process.exitCode = 1;
  } else writeFileSync(page, after);
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * The commands, whose modules load nothing of the package until they run: few files, and no build.
 * @returns {Promise<{ createProgram: () => Command, exampleOf: (command: Command) => string | undefined }>}
 */
async function load() {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const pending = [join(root, 'lib/cli/program.ts')];
  const compiled = new Set();
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (compiled.has(file)) continue;
    compiled.add(file);
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
      fileName: file,
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        experimentalDecorators: true,
        isolatedModules: true,
      },
    });
    const output = join(folder, relative(root, file)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, outputText);
    for (const [, path = ''] of outputText.matchAll(/ from '(\.[^']+)\.js'/g)) {
      pending.push(resolve(dirname(file), `${path}.ts`));
    }
  }
  const from = (/** @type {string} */ name) =>
    import(pathToFileURL(join(folder, 'lib/cli', name)).href);
  const [{ createProgram }, { exampleOf }] = [await from('program.js'), await from('command.js')];
  return { createProgram, exampleOf };
}

/** @returns {Promise<string>} */
async function withCommands(
  /** @type {string} */ text,
  /** @type {Awaited<ReturnType<typeof load>>} */ { createProgram, exampleOf },
) {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${page} has no "${BEGIN}" and "${END}"`);
  const sections = leaves(createProgram()).map(({ command, name }) => {
    const rows = [
      ...command.registeredArguments.map((argument) => {
        const shown = `${argument.name()}${argument.variadic ? '...' : ''}`;
        const term = argument.required ? `<${shown}>` : `[${shown}]`;
        return row(term, argument.description);
      }),
      ...command.options
        .filter(({ long }) => long !== '--json')
        .map((option) => row(option.flags, described(option))),
    ];
    const table = rows.length === 0 ? '' : `\n\n| | |\n| --- | --- |\n${rows.join('\n')}`;
    return `### ${name}\n\n${command.description()}\n\n\`\`\`sh\n${exampleOf(command)}\n\`\`\`${table}`;
  });
  const whole = `${text.slice(0, begin)}${BEGIN}\n\n${sections.join('\n\n')}\n\n${text.slice(end)}`;
  return prettier.format(whole, { ...(await prettier.resolveConfig(page)), parser: 'markdown' });
}

/**
 * The commands that do something, with their whole names.
 * @returns {Array<{ command: Command, name: string }>}
 */
function leaves(/** @type {Command} */ parent, prefix = '') {
  return parent.commands.flatMap((command) => {
    const name = `${prefix}${command.name()}`;
    return command.commands.length > 0 ? leaves(command, `${name} `) : [{ command, name }];
  });
}

function described(/** @type {Option} */ { description, argChoices, defaultValue }) {
  const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`;
  return `${description}${choices}${defaultValue === undefined ? '' : ` (default: ${defaultValue})`}`;
}

function row(/** @type {string} */ term, /** @type {string} */ text) {
  return `| \`${term}\` | ${text.replaceAll('|', '\\|').replaceAll('<', '\\<')} |`;
}
