import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a guide has its reader do: write a file, or type commands. */
export type Step =
  { readonly file: string; readonly code: string } | { readonly commands: readonly string[] };

const PAGE = join(__dirname, '../../docs/14-MIGRATION_GUIDES.md');

/** The text of a section of docs/14-MIGRATION_GUIDES.md, subsections included, without its heading. */
export function sectionOf(text: string, heading: string): string {
  const lines = text.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`The page has no section "${heading}"`);
  const level = /^#+/.exec(heading)![0].length;
  const isNext = (line: string) => (/^(#+) /.exec(line)?.[1]?.length ?? Infinity) <= level;
  const length = lines.slice(start + 1).findIndex(isNext);
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n');
}

/** The guide under `heading`. */
export function readGuide(heading: string): string {
  return sectionOf(readFileSync(PAGE, 'utf8'), `## ${heading}`);
}

/** The steps of a section, in order: its blocks of TypeScript that begin with a file's name, and its shell lines. */
export function stepsOf(section: string): readonly Step[] {
  return [...section.matchAll(/^```(ts|sh)\n(.*?)^```$/gms)].map(([, language, code = '']) => {
    if (language === 'sh') return { commands: code.trimEnd().split('\n') };
    const file = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1];
    if (file === undefined) throw new Error(`A block is no file of the app:\n${code}`);
    return { file, code };
  });
}

/** The rows of the section's tables, those that begin with a name: what stands in the first and the second column. */
export function rowsOf(section: string): ReadonlyArray<readonly [string, string]> {
  return [...section.matchAll(/^\| (`.*?) +\| (.*?) +\|$/gm)].map(
    ([, first = '', second = '']) => [first, second] as const,
  );
}

/** What stands in backticks. */
export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}
