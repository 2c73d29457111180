import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { CommandCoverage } from './command-coverage.js';

const ROOT = resolve(__dirname, '../../..');
const CLI = join(ROOT, 'lib/cli/');

/**
 * The package as it is built, both ways and without type checks, in a folder of its own: other tests may be building
 * into dist/ at the same time.
 */
export class CommandPackage {
  /** Packages are found from here on down as in the repository. Anybody may read it. */
  readonly folder = mkdtempSync(join(tmpdir(), 'nestjs-tenancy-cli-'));
  readonly path = join(this.folder, 'package');
  private readonly coverage = CommandCoverage.of(this.folder);

  constructor() {
    chmodSync(this.folder, 0o755);
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    this.write('package.json', readFileSync(join(ROOT, 'package.json'), 'utf8'));
    this.write('dist/esm/package.json', '{ "type": "module" }');
    const lib = join(ROOT, 'lib');
    for (const name of readdirSync(lib, { encoding: 'utf8', recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const output = name.replace(/\.ts$/, '.js');
      for (const [folder, module] of BUILDS) {
        this.write(join('dist', folder, output), this.compile(join(lib, name), module));
      }
    }
  }

  /** What `npx tenancy` gives to node. */
  get nodeArguments(): string[] {
    const { bin } = JSON.parse(readFileSync(join(this.path, 'package.json'), 'utf8'));
    return [...(this.coverage?.nodeArguments ?? []), join(this.path, bin.tenancy)];
  }

  dispose(): void {
    this.coverage?.collect();
    rmSync(this.folder, { recursive: true });
  }

  private compile(fileName: string, module: ts.ModuleKind): string {
    const compilerOptions = { ...OPTIONS, module, sourceMap: this.coverage !== undefined };
    const source = readFileSync(fileName, 'utf8');
    const { outputText, sourceMapText } = ts.transpileModule(source, { fileName, compilerOptions });
    // The other rooms are counted where their own tests run them, and of two builds only the one that is the command:
    // counts of the same file that were made by two compilations cannot be added up.
    const isCommand = fileName.startsWith(CLI) && module === COMMAND_MODULE;
    if (this.coverage === undefined || !isCommand) return outputText;
    return this.coverage.instrument(outputText, fileName, sourceMapText ?? '');
  }

  private write(name: string, text: string): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** Of what `npx tenancy` runs: package.json names the CommonJS build. */
const COMMAND_MODULE = ts.ModuleKind.NodeNext;
const BUILDS = [
  ['cjs', COMMAND_MODULE],
  ['esm', ts.ModuleKind.ESNext],
] as const;

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) =>
  readFileSync(file, 'utf8'),
);
const OPTIONS: ts.CompilerOptions = {
  ...ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT).options,
  moduleResolution: undefined,
  outDir: undefined,
  declaration: false,
  noEmit: false,
};
