import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ENTRY_POINTS } from './all-entry-points.js';

const DOCS = join(__dirname, '../../docs');
const PAGE = readFileSync(join(DOCS, '10-ADVANCED_TOPICS.md'), 'utf8');

/** The rows of the table of entry points; the last cell of each is a link to the test that shows it. */
const rows = [...PAGE.matchAll(/^\| .*\| \[([^\]]+)\]\((\.\.\/test\/[^)]+)\) +\|$/gm)].map(
  ([line, test, path]) => ({ line: line!, test: test!, path: path! }),
);

describe('the table of entry points', () => {
  it('has a row for each of the conformance suite, with the code of its refusal', () => {
    const missing = [...ENTRY_POINTS].flatMap(([file, entryPoints]) =>
      entryPoints.filter(
        ({ name, refusal }) =>
          !rows.some(
            ({ line, test, path }) =>
              test === name && basename(path) === file && line.includes(`\`${refusal}\``),
          ),
      ),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it.each(rows)('$test is there', ({ test, path }) => {
    const file = join(DOCS, path);
    expect(existsSync(file)).toBe(true);
    const names = path.includes('/entry-points/')
      ? ENTRY_POINTS.get(basename(path))?.map(({ name }) => name)
      : [...readFileSync(file, 'utf8').matchAll(/\b(?:it|describe)[^(]*\(\s*['"`](.+)['"`],/g)].map(
          ([, title]) => title,
        );
    expect(names).toContain(test);
  });
});
