import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const REPOSITORY = join(__dirname, '../..');
const FENCE = '```';

describe('the check of the docs', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'docs-check-'));
    cpSync(join(REPOSITORY, 'tsconfig.json'), join(folder, 'tsconfig.json'));
    symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
    write('package.json', '{ "scripts": { "demo": "node demo.js" } }');
    write('lib/index.ts', 'export interface Tenancy { run(tenant: string): Promise<number> }');
    write('README.md', '# Title\n\n[Guide](docs/guide.md)\n');
    write('docs/guide.md', '# Guide\n');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }

  function check(): { status: number | null; output: string } {
    const script = join(REPOSITORY, 'test/docs/check-docs.mjs');
    const run = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
    return { status: run.status, output: run.stdout + run.stderr };
  }

  it('passes pages whose blocks compile and whose links hold', () => {
    write(
      'docs/guide.md',
      `# Guide: the \`first\` one

${FENCE}ts
// project.ts
export class Project { name = ''; }
${FENCE}

${FENCE}ts
import { Project } from './project.js';
const name: string = new Project().name;
${FENCE}

<!-- given
import type { Tenancy } from 'nestjs-tenancy';
declare const tenancy: Tenancy;
-->

${FENCE}ts
const tables: number = await tenancy.run('acme');
${FENCE}

${FENCE}sh
npm run demo
${FENCE}

${FENCE}json
{ "a": 1 }
${FENCE}

[up](../README.md#title), [here](#guide-the-first-one), [out](https://example.com/a?b=c), \`[not](a-link.md)\`
`,
    );
    expect(check()).toEqual({
      status: 0,
      output: 'Docs: 2 pages, 3 blocks compile, 4 links hold.\n',
    });
  });

  it('keeps the files of two apps of a page apart, and has a file twice in one', () => {
    write(
      'docs/guide.md',
      `${FENCE}ts
// src/project.ts
export const before = 1;
${FENCE}

${FENCE}ts
// src/project.ts
import './project.js';
export const after = 1;
${FENCE}

<!-- another app -->

${FENCE}ts
import { before } from './src/project.js';
${FENCE}
`,
    );
    expect(check()).toEqual({
      status: 1,
      output: expect.stringMatching(/^docs\/guide\.md:15: Cannot find module.*\n\n1 problem/),
    });
  });

  it('names every problem with its page and line', () => {
    write('README.md', '# Title\n'.repeat(201));
    write(
      'docs/guide.md',
      `# Guide

<!-- given
import type { Tenancy } from 'nestjs-tenancy';
declare const tenancy: Tenancy;
-->
${FENCE}ts
const before = 1;
const tables: string = await tenancy.run('acme');
${FENCE}

${FENCE}ts
tenancy.run('what was given above is not given here');
${FENCE}

${FENCE}js
const escape = 'hatch';
${FENCE}

${FENCE}json
{ a: 1 }
${FENCE}

Then \`npm run gone\`, then \`npm test\`; [file](gone.md), [heading](../README.md#gone), [host](https://), [plain](http://example.com).
`,
    );
    const { status, output } = check();
    expect(status).toBe(1);
    expect(output.split('\n')).toEqual([
      'README.md links no docs/guide.md',
      'README.md has 201 lines, over 200',
      expect.stringMatching(/^docs\/guide\.md:17: a block of "js": write ts, json or one of/),
      expect.stringMatching(/^docs\/guide\.md:21: SyntaxError/),
      'docs/guide.md:24: package.json has no script "gone"',
      'docs/guide.md:24: package.json has no script "test"',
      'docs/guide.md:24: the link gone.md leads to no file',
      'docs/guide.md:24: the link ../README.md#gone leads to no heading of README.md',
      'docs/guide.md:24: the link https:// is no URL',
      'docs/guide.md:24: the link http://example.com is neither https nor local',
      "docs/guide.md:9: Type 'number' is not assignable to type 'string'.",
      "docs/guide.md:13: Cannot find name 'tenancy'.",
      '',
      '12 problem(s) in the docs',
      '',
    ]);
  });
});
