// An app with nothing in it but what it needs to use the package: app/, once as CommonJS and once as ES module.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

const require = createRequire(import.meta.url);

/** @typedef {'cjs' | 'esm'} Format */

/** @type {readonly Format[]} */
export const FORMATS = ['cjs', 'esm'];

/** What an import of the package must not bring along: drivers, and the platform that the app has not chosen. */
const UNLOADED =
  /[\\/]node_modules[\\/](mysql2|better-sqlite3|express|fastify|@nestjs[\\/]platform-\w+)[\\/]/;

/** Installs the app, its dependencies shared by its two formats. */
export function installApp(
  /** @type {string} */ app,
  /** @type {string} */ tarball,
  /** @type {{ nest: string, typeorm: string }} */ versions,
) {
  const nest = ['common', 'core', 'platform-express', 'platform-fastify', 'typeorm'];
  const dependencies = {
    ...Object.fromEntries(nest.map((name) => [`@nestjs/${name}`, versions.nest])),
    'better-sqlite3': installed('better-sqlite3').version,
    'class-validator': '*',
    'nestjs-tenancy': `file:${tarball}`,
    'reflect-metadata': '*',
    rxjs: '*',
    typeorm: versions.typeorm,
  };
  const devDependencies = { '@types/node': installed('@types/node').version };
  writeJson(join(app, 'package.json'), { private: true, dependencies, devDependencies });
  npm(app, 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund');
  takeBuiltDriver(app);

  for (const format of FORMATS) {
    const folder = join(app, format);
    cpSync(join(import.meta.dirname, 'app'), join(folder, 'src'), { recursive: true });
    cpSync(join(folder, 'src/tsconfig.bare.json'), join(folder, 'tsconfig.json'));
    writeJson(join(folder, 'package.json'), { type: format === 'esm' ? 'module' : 'commonjs' });
  }
}

/** A bundler reads the same declarations, so only the way to them is left to check. */
const AS_A_BUNDLER = '--noEmit --skipLibCheck --module esnext --moduleResolution bundler'.split(
  ' ',
);

/**
 * Compiles the app against the installed declarations, as node resolves them and as a bundler does.
 * @throws Error with what is wrong in the app or in the package's declarations; of other packages' nothing is said
 */
export async function checkTypes(/** @type {string} */ app, /** @type {Format} */ format) {
  const folder = join(app, format);
  const printed = await tsc(folder);
  if (format === 'esm') printed.push(...(await tsc(folder, ...AS_A_BUNDLER)));
  const errors = printed.filter(
    (line) => /error TS\d+/.test(line) && !/^[^(]*node_modules\/(?!nestjs-tenancy\/)/.test(line),
  );
  if (errors.length > 0) throw new Error(errors.join('\n'));
}

/**
 * Imports the package's root, and nothing else.
 * @throws Error naming what came along
 */
export function importRoot(/** @type {string} */ app, /** @type {Format} */ format) {
  const script = join(app, format, 'import-root.mjs');
  writeFileSync(
    script,
    `import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    ${format === 'cjs' ? 'require' : 'await import'}('nestjs-tenancy');
    console.log(Object.keys(require.cache).join('\\n'));`,
  );
  const loaded = execFileSync(process.execPath, [script], { encoding: 'utf8' }).split('\n');
  const unwanted = loaded.filter((path) => UNLOADED.test(path));
  if (unwanted.length > 0) throw new Error(`The root import loads ${unwanted.join(', ')}`);
}

/** The repository's own build of the SQLite driver: compiling it takes longer than all else. */
export function takeBuiltDriver(/** @type {string} */ app) {
  const from = dirname(require.resolve('better-sqlite3/package.json'));
  cpSync(join(from, 'build'), join(app, 'node_modules/better-sqlite3/build'), { recursive: true });
}

function installed(/** @type {string} */ name) {
  return require(`${name}/package.json`);
}

export function writeJson(/** @type {string} */ path, /** @type {unknown} */ value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value, null, 2));
}

export function npm(/** @type {string} */ folder, /** @type {string[]} */ ...args) {
  try {
    execFileSync('npm', args, { cwd: folder, stdio: 'pipe' });
  } catch (error) {
    throw new Error(String(/** @type {{ stderr: Buffer }} */ (error).stderr), { cause: error });
  }
}

/** The lines that the repository's compiler prints. */
async function tsc(/** @type {string} */ folder, /** @type {string[]} */ ...args) {
  const compiler = spawn(
    process.execPath,
    [require.resolve('typescript/bin/tsc'), '--project', folder, ...args],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return (await text(compiler.stdout)).split('\n');
}
