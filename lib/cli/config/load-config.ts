import type { Type } from '@nestjs/common';
import { relative, resolve } from 'node:path';
import type { TenancyOptions } from '../../options/tenancy-options.js';
import { isPlainObject } from '../../options/check-section.js';
import { ConfigUnusableError } from '../errors.js';
import { builtInstead, type ConfigFile } from './find-config.js';
import { SourceBuild, urlOf } from './source-build.js';

/** A configuration that was loaded, and what loads more of the app the same way. */
export class LoadedConfig {
  private constructor(
    readonly file: ConfigFile,
    readonly options: TenancyOptions,
    private readonly exported: Readonly<Record<string, unknown>>,
    private readonly build: SourceBuild | undefined,
  ) {}

  /** @throws ConfigUnusableError */
  static async load(found: ConfigFile): Promise<LoadedConfig> {
    const { file, build } = withCompiler(found);
    try {
      const exported = await loadModule(file.path, build);
      const { default: options } = exported;
      if (!isPlainObject(options)) {
        throw new ConfigUnusableError(
          shown(file.path),
          'has no configuration as its default export',
          'Write: export default defineTenancyConfig({ … })',
        );
      }
      return new LoadedConfig(file, options, exported, build);
    } catch (error) {
      build?.remove();
      throw error;
    }
  }

  /**
   * The app's own module, when the file exports `app`: `export const app = () => import('./app.module.js')`.
   * @throws ConfigUnusableError
   */
  async appModule(): Promise<Type | undefined> {
    const { app } = this.exported;
    if (app === undefined) return undefined;
    const given: unknown = isClass(app) || typeof app !== 'function' ? app : await app();
    const module = isClass(given) ? given : moduleOf(given);
    if (module !== undefined) return module;
    throw new ConfigUnusableError(
      shown(this.file.path),
      'exports an `app` that leads to no module',
      "Write: export const app = () => import('./app.module.js'), where that file exports the module, and no other class but AppModule",
    );
  }

  /** What a file of the app exports, TypeScript or not. */
  async import(path: string): Promise<Readonly<Record<string, unknown>>> {
    return loadModule(resolve(path), this.build);
  }

  /** Deletes what was compiled. */
  dispose(): void {
    this.build?.remove();
  }
}

/** Without a compiler, as where the packages for development are left out, the build output will do. */
function withCompiler(found: ConfigFile): { file: ConfigFile; build?: SourceBuild } {
  if (!found.isSource) return { file: found };
  const build = SourceBuild.of(found);
  if (build !== undefined) return { file: found, build };
  const built = builtInstead(found);
  if (built !== undefined) return { file: built };
  throw new ConfigUnusableError(
    shown(found.path),
    'is TypeScript, and the app has no compiler for it (the package typescript, 5 or 6)',
    'Install it: npm install --save-dev typescript@6. Or build the app: its build output is read without one',
  );
}

async function loadModule(
  path: string,
  build: SourceBuild | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const isSource = /\.[mc]?ts$/.test(path);
  if (isSource && build === undefined) {
    throw new ConfigUnusableError(
      shown(path),
      'is TypeScript, and the build output of the app is what runs',
      'Give its compiled file',
    );
  }
  try {
    const exported: unknown = await import(urlOf(build?.compile(path) ?? path));
    return exportsOf(exported);
  } catch (error) {
    if (error instanceof ConfigUnusableError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const remedy = 'Mend it: the app would fail to load it, too';
    throw new ConfigUnusableError(shown(path), `cannot be loaded: ${why}`, remedy, error);
  }
}

/** What a compiler marks a CommonJS module with that was written as an ES module. */
const COMPILED = '__esModule';

/** Of a CommonJS module, node gives what it exports as `default`. */
function exportsOf(namespace: unknown): Readonly<Record<string, unknown>> {
  if (!isPlainObject(namespace)) return {};
  const { default: inner } = namespace;
  return isPlainObject(inner) && inner[COMPILED] === true ? inner : namespace;
}

function moduleOf(given: unknown): Type | undefined {
  const exported = exportsOf(given);
  const classes = Object.values(exported).filter(isClass);
  const named = [exported.AppModule, exported.default].find(isClass);
  return named ?? (classes.length === 1 ? classes[0] : undefined);
}

function isClass(value: unknown): value is Type {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function shown(path: string): string {
  return relative(process.cwd(), path) || path;
}
