import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type TypeScript from 'typescript';
import { formatOf, type ConfigFile } from './find-config.js';

/**
 * An app's sources, compiled with its own compiler and its own options into a folder that is gone afterwards: what node
 * loads is what the build would have written, in the module system that the app has.
 *
 * Why not a loader: TypeORM and NestJS read the types of decorated properties and parameters
 * (`emitDecoratorMetadata`), which tsx and node's own type stripping leave out, and jiti refuses `name!: string` in a
 * decorated class. The compiler is in every NestJS app already.
 */
export class SourceBuild {
  private readonly compiled = new Set<string>();
  private readonly options: TypeScript.CompilerOptions;
  private readonly folder: string;

  /** @returns undefined where the app has no TypeScript that can compile */
  static of(config: ConfigFile): SourceBuild | undefined {
    const require = createRequire(config.path);
    let ts: typeof TypeScript;
    try {
      ts = require('typescript') as typeof TypeScript;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return;
      throw error;
    }
    // TypeScript 7 is a program without these functions.
    if (typeof ts.transpileModule !== 'function') return;
    return new SourceBuild(ts, config);
  }

  private constructor(
    private readonly ts: typeof TypeScript,
    private readonly config: ConfigFile,
  ) {
    this.options = readOptions(ts, dirname(config.path));
    // Inside of the app, so that what is imported from packages is found as ever.
    this.folder = join(config.root, 'node_modules/.cache/nestjs-tenancy', String(process.pid));
    mkdirSync(this.folder, { recursive: true });
    const manifest = join(config.root, 'package.json');
    if (existsSync(manifest)) copyFileSync(manifest, join(this.folder, 'package.json'));
  }

  /**
   * Compiles a file, and what it imports of the app.
   * @returns the file to load instead
   */
  compile(entry: string): string {
    const pending = [entry];
    for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
      if (this.compiled.has(file)) continue;
      this.compiled.add(file);
      pending.push(...this.compileOne(file));
    }
    return this.outputOf(entry);
  }

  /** Deletes what was compiled. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @returns the sources that it imports */
  private compileOne(file: string): string[] {
    const output = this.outputOf(file);
    mkdirSync(dirname(output), { recursive: true });
    if (file.endsWith('.json')) {
      copyFileSync(file, output);
      return [];
    }
    const imported: string[] = [];
    const text = this.withImports(file, (path) => {
      imported.push(path);
      return this.outputOf(path);
    });
    const { outputText } = this.ts.transpileModule(text, {
      fileName: file,
      compilerOptions: { ...this.options, ...this.moduleOptions(file) },
    });
    writeFileSync(output, outputText);
    return imported;
  }

  private moduleOptions(file: string): TypeScript.CompilerOptions {
    const { ModuleKind } = this.ts;
    return { module: formatOf(file) === 'esm' ? ModuleKind.ESNext : ModuleKind.CommonJS };
  }

  /** The text of a source whose imports of other sources lead to what is compiled of those; path aliases, too. */
  private withImports(file: string, use: (source: string) => string): string {
    const text = readFileSync(file, 'utf8');
    const { importedFiles } = this.ts.preProcessFile(text, true, true);
    const from = dirname(this.outputOf(file));
    let result = '';
    let done = 0;
    for (const { fileName, pos } of importedFiles) {
      const target = this.targetOf(fileName, file, use);
      const start = text.indexOf(fileName, pos);
      if (target === undefined || start < 0) continue;
      const path = relative(from, target).split(sep).join('/');
      result += text.slice(done, start) + (path.startsWith('.') ? path : `./${path}`);
      done = start + fileName.length;
    }
    return result + text.slice(done);
  }

  /** Where an import leads that is not of a package: to what is compiled, or to a file that stays where it is. */
  private targetOf(
    specifier: string,
    file: string,
    use: (source: string) => string,
  ): string | undefined {
    const { resolvedModule } = this.ts.resolveModuleName(
      specifier,
      file,
      this.options,
      this.ts.sys,
    );
    if (resolvedModule === undefined || resolvedModule.resolvedFileName.endsWith('.d.ts')) {
      const path = resolve(dirname(file), specifier);
      return specifier.startsWith('.') && existsSync(path) ? path : undefined;
    }
    const path = resolve(resolvedModule.resolvedFileName);
    if (resolvedModule.isExternalLibraryImport) return undefined;
    return /\.([mc]?ts|tsx|json)$/.test(path) ? use(path) : path;
  }

  private outputOf(file: string): string {
    const inside = relative(this.config.root, file).split(sep);
    // What is imported from beside the app (a workspace's other package) is compiled, too.
    const place = inside.map((part) => (part === '..' ? '_' : part));
    return join(this.folder, ...place).replace(/\.([mc]?)tsx?$/, '.$1js');
  }
}

/** Those of the app, without what is about other outputs than the code. */
function readOptions(ts: typeof TypeScript, folder: string): TypeScript.CompilerOptions {
  const path = ts.findConfigFile(folder, (file) => ts.sys.fileExists(file));
  if (path === undefined) return { experimentalDecorators: true, emitDecoratorMetadata: true };
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as {
    readonly config?: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, dirname(path));
  return {
    ...options,
    declaration: false,
    declarationMap: false,
    composite: false,
    incremental: false,
    sourceMap: false,
    inlineSourceMap: false,
    inlineSources: false,
  };
}

/** For `import()`, which takes no Windows path. */
export function urlOf(path: string): string {
  return pathToFileURL(path).href;
}
