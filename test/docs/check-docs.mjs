// Checks README.md and every other page that the repository's readers see:
//
// - A `ts` block compiles under the options of tsconfig.json, as a module of its own. `nestjs-tenancy` is lib/.
//   A block whose first line is a comment with a file's name (`// app.module.ts`) is that file for the page's other
//   blocks, which import it as `./app.module.js`. The line `<!-- another app -->` begins a folder of its own. What a
//   fragment takes for granted stands before it, unseen:
//
//       <!-- given
//       import type { Tenancy } from 'nestjs-tenancy';
//       declare const tenancy: Tenancy;
//       -->
//
// - A `json` block parses. Blocks of code in a language that nothing here reads are refused.
// - A script that is named (`npm run …`) exists in package.json.
// - A relative link leads to a file and, with an anchor, to one of its headings; other links are well-formed.
// - README.md has at most 200 lines and links every page of docs/.
//
// Usage: node test/docs/check-docs.mjs [folder], the repository by default. Ends with 1 when something is wrong.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { checkLinks } from './links.mjs';
import { readPage } from './page.mjs';
import { typeCheck } from './type-check.mjs';

/** @import { Page } from './page.mjs' */

const FOLDERS = ['.', 'docs', 'examples', 'bench'];
const README_LINES = 200;

/** Languages of blocks that hold nothing to compile. */
const AS_THEY_ARE = ['sh', 'bash', 'text', 'sql', 'http', 'ini', 'yaml', 'nginx', 'mermaid'];

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '../..'));
const pages = FOLDERS.flatMap(pagesOf);
const problems = [
  ...checkReadme(),
  ...pages.flatMap((page) => [...checkLanguages(page), ...checkScripts(page)]),
  ...checkLinks(root, pages),
  ...typeCheck(root, pages),
];

if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(`\n${problems.length} problem(s) in the docs`);
  process.exitCode = 1;
} else {
  const count = (/** @type {(page: Page) => number} */ of) =>
    pages.reduce((sum, page) => sum + of(page), 0);
  const blocks = count(({ fences }) => fences.filter(({ language }) => language === 'ts').length);
  const links = count((page) => page.links.length);
  console.log(`Docs: ${pages.length} pages, ${blocks} blocks compile, ${links} links hold.`);
}

function pagesOf(/** @type {string} */ folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { encoding: 'utf8', recursive: folder !== '.' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name))
    .map((path) => readPage(path, readFileSync(join(root, path), 'utf8')));
}

function checkReadme() {
  const readme = pages.find(({ path }) => path === 'README.md');
  if (!readme) return ['README.md is missing'];
  const linked = new Set(readme.links.map(({ text }) => posix.normalize(text.replace(/#.*/, ''))));
  const found = pages
    .filter(({ path }) => path.startsWith('docs/') && !linked.has(path))
    .map(({ path }) => `README.md links no ${path}`);
  if (readme.length > README_LINES) {
    found.push(`README.md has ${readme.length} lines, over ${README_LINES}`);
  }
  return found;
}

function checkLanguages(/** @type {Page} */ { path, fences }) {
  return fences.flatMap(({ language, code, line }) => {
    if (language === 'ts' || AS_THEY_ARE.includes(language)) return [];
    if (language !== 'json') {
      return `${path}:${line}: a block of "${language}": write ts, json or one of ${AS_THEY_ARE.join(', ')}`;
    }
    try {
      JSON.parse(code);
      return [];
    } catch (error) {
      return `${path}:${line}: ${String(error)}`;
    }
  });
}

function checkScripts(/** @type {Page} */ { path, scripts }) {
  const known = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;
  return scripts
    .filter(({ text }) => !Object.hasOwn(known, text))
    .map(({ text, line }) => `${path}:${line}: package.json has no script "${text}"`);
}
