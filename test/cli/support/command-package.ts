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
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../../..');

/**
 * The package as it is built, both ways and without type checks, in a folder of its own: other tests may be building
 * into dist/ at the same time.
 */
export class CommandPackage {
  /** Packages are found from here on down as in the repository. Anybody may read it. */
  readonly folder = mkdtempSync(join(tmpdir(), 'nestjs-tenancy-cli-'));
  readonly path = join(this.folder, 'package');

  constructor() {
    chmodSync(this.folder, 0o755);
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    this.write('package.json', readFileSync(join(ROOT, 'package.json'), 'utf8'));
    this.write('dist/esm/package.json', '{ "type": "module" }');
    const lib = join(ROOT, 'lib');
    for (const name of readdirSync(lib, { encoding: 'utf8', recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const fileName = join(lib, name);
      const text = readFileSync(fileName, 'utf8');
      const output = relative(lib, fileName).replace(/\.ts$/, '.js');
      for (const [folder, module] of BUILDS) {
        const compilerOptions = { ...OPTIONS, module };
        const { outputText } = ts.transpileModule(text, { fileName, compilerOptions });
        this.write(join('dist', folder, output), outputText);
      }
    }
  }

  /** What `npx tenancy` runs. */
  get bin(): string {
    const { bin } = JSON.parse(readFileSync(join(this.path, 'package.json'), 'utf8'));
    return join(this.path, bin.tenancy);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }

  private write(name: string, text: string): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

const BUILDS = [
  ['cjs', ts.ModuleKind.NodeNext],
  ['esm', ts.ModuleKind.ESNext],
] as const;

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) =>
  readFileSync(file, 'utf8'),
);
const OPTIONS: ts.CompilerOptions = {
  ...ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT).options,
  moduleResolution: undefined,
  sourceMap: false,
  declaration: false,
  noEmit: false,
};
