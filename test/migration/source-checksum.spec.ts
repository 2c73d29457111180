import { runInNewContext } from 'node:vm';
import type { MigrationInterface } from 'typeorm';
import ts from 'typescript';
import { sourceChecksum } from '../../lib/migration/source-checksum.js';

const MIGRATION = `
  import { Table } from 'typeorm';
  import { columnsOf } from './columns.js';
  export class CreateShops1700000000001 {
    // Shops come first.
    async up(queryRunner) {
      await queryRunner.createTable(new Table({ name: "shops", columns: columnsOf('shops') }));
    }
    async down(queryRunner) { await queryRunner.dropTable('shops'); }
  }
`;

/** The checksum of the class as a compiler puts it out. */
function checksumOf(source: string, options: ts.CompilerOptions): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, ...options },
  });
  const code = outputText.replaceAll(/^(import|export \{).*$|\bexport (?=class)/gm, '');
  const name = /class (\w+)/.exec(source)?.[1] ?? '';
  const migration = runInNewContext(`${code}\nnew ${name}()`, {
    require: () => ({}),
    exports: {},
  }) as MigrationInterface;
  return sourceChecksum(migration);
}

const { CommonJS, ESNext } = ts.ModuleKind;

describe('the checksum of a migration', () => {
  const inModules = checksumOf(MIGRATION, { module: ESNext });

  it('is the same from CommonJS, from ES modules and without comments', () => {
    expect(checksumOf(MIGRATION, { module: CommonJS })).toBe(inModules);
    expect(checksumOf(MIGRATION, { module: CommonJS, removeComments: true })).toBe(inModules);
  });

  it.each([
    ['name: "shops"', 'name: "stores"'],
    ['createTable', 'dropTable'],
    ["columnsOf('shops')", "rowsOf('shops')"],
    ["dropTable('shops')", "dropTable('shop')"],
  ])('is another when %s becomes %s', (from, to) => {
    const changed = MIGRATION.replace(from, to);
    expect(changed).not.toBe(MIGRATION);
    expect(checksumOf(changed, { module: CommonJS })).not.toBe(inModules);
  });
});
