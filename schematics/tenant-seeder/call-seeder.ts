import type ts from 'typescript';
import { addOption, optionAt } from '../source/config-file.js';
import { addImport } from '../source/edit-imports.js';
import type { Source } from '../source/source.js';

const SEED = ['tenants', 'seed'];

/**
 * Has `tenants.seed` call a seeder, after those that it calls already.
 * @returns false when `tenants.seed` is something else than a function of (tenant, dataSource) or the name of one
 */
export function callSeeder(config: Source, seeder: string, specifier: string): boolean {
  const { ts } = config;
  const before = optionAt(config, SEED);
  if (before?.getText().includes(`${seeder}(`) || before?.getText() === seeder) return true;
  if (addImport(config, seeder, specifier) !== seeder) return false;
  const seed = optionAt(config, SEED);
  if (seed === undefined) return addOption(config, SEED, seedFunction([seeder]));
  if (ts.isIdentifier(seed)) {
    config.replace(seed.getStart(), seed.getEnd(), seedFunction([seed.text, seeder]));
    return true;
  }
  return appendCall(config, seed, seeder);
}

function seedFunction(seeders: readonly string[]): string {
  const calls = seeders.map((seeder) => `      await ${seeder}(tenant, dataSource);\n`);
  return `async (tenant, dataSource) => {\n${calls.join('')}    }`;
}

function appendCall(config: Source, seed: ts.Expression, seeder: string): boolean {
  const { ts } = config;
  if (!ts.isArrowFunction(seed) || !ts.isBlock(seed.body)) return false;
  const isAsync = seed.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
  const [tenant, dataSource] = seed.parameters.map(({ name }) => name);
  if (!isAsync || !tenant || !dataSource) return false;
  if (!ts.isIdentifier(tenant) || !ts.isIdentifier(dataSource)) return false;
  const last = seed.body.statements.at(-1);
  const call = `await ${seeder}(${tenant.text}, ${dataSource.text});`;
  const indent = config.indentAt(seed.getStart());
  if (last === undefined)
    config.insert(seed.body.getStart() + 1, `\n${indent}  ${call}\n${indent}`);
  else config.insert(last.getEnd(), `\n${config.indentAt(last.getStart())}${call}`);
  return true;
}
