// A fresh app of the Nest CLI, and the commands that its developer would type.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

export class FreshApp {
  /** Seconds that npm has been installing for. */
  installing = 0;

  /**
   * @param {string} workshop an own folder
   * @param {number} major of NestJS
   * @param {string} tarball of this package
   */
  constructor(workshop, major, tarball) {
    this.workshop = workshop;
    this.major = major;
    this.tarball = tarball;
    this.folder = join(workshop, 'app');
  }

  /** As `npm install --global @nestjs/cli` would. */
  installCli() {
    mkdirSync(this.workshop, { recursive: true });
    writeFileSync(join(this.workshop, 'package.json'), '{ "private": true }');
    this.install(this.workshop, `@nestjs/cli@${this.major}`, `@nestjs/schematics@${this.major}`);
    this.installing = 0;
  }

  /** `nest new`, in the template that the CLI takes by itself; with what its developer would have set anyway. */
  create() {
    const cli = join(this.workshop, 'node_modules/.bin/nest');
    run(
      this.workshop,
      cli,
      'new',
      'app',
      '--strict',
      '--skip-git',
      '--skip-install',
      '--package-manager=npm',
    );
    this.install(this.folder);
  }

  /** `nest add nestjs-tenancy`, of the tarball instead of the registry's. */
  add(/** @type {string[]} */ ...flags) {
    this.install(this.folder, this.tarball);
    const printed = this.addAgain(...flags);
    // The CLI's exit code is 0 when a schematic has failed.
    if (!this.read('src/app.module.ts').includes('TenancyModule')) throw new Error(printed);
    // The repository's own build of the SQLite driver: compiling it takes longer than all else.
    const driver = dirname(require.resolve('better-sqlite3/package.json'));
    const target = join(this.folder, 'node_modules/better-sqlite3/build');
    cpSync(join(driver, 'build'), target, { recursive: true });
  }

  addAgain(/** @type {string[]} */ ...flags) {
    return this.nest('add', 'nestjs-tenancy', '--skip-install', ...flags);
  }

  /** The app's own CLI. Nothing answers its questions. */
  nest(/** @type {string[]} */ ...args) {
    return run(this.folder, join(this.folder, 'node_modules/.bin/nest'), ...args);
  }

  /** A command that the app's packages have brought. */
  bin(/** @type {string} */ name, /** @type {string[]} */ ...args) {
    return run(this.folder, join(this.folder, 'node_modules/.bin', name), ...args);
  }

  /** `npx tenancy …` */
  tenancy(/** @type {string[]} */ ...args) {
    return this.bin('tenancy', ...args);
  }

  npm(/** @type {string[]} */ ...args) {
    return run(this.folder, 'npm', ...args);
  }

  read(/** @type {string} */ path) {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  write(/** @type {string} */ path, /** @type {string} */ text) {
    writeFileSync(join(this.folder, path), text);
  }

  /** Every file of the app but what is installed, built or stored: path and content. */
  tree() {
    const paths = readdirSync(this.folder, {
      encoding: 'utf8',
      recursive: true,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
      .filter(
        (path) => !/^(node_modules|dist|\.tenancy)\//.test(path) && path !== 'package-lock.json',
      );
    return Object.fromEntries(paths.toSorted().map((path) => [path, this.read(path)]));
  }

  /** @private */
  install(/** @type {string} */ folder, /** @type {string[]} */ ...packages) {
    const start = performance.now();
    run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);
    this.installing += (performance.now() - start) / 1000;
  }
}

/**
 * @returns what it printed
 * @throws Error with what it printed, when it fails
 */
export function run(
  /** @type {string} */ cwd,
  /** @type {string} */ command,
  /** @type {string[]} */ ...args
) {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 240_000,
      // No install scripts: the one that matters would compile the SQLite driver.
      env: {
        ...process.env,
        NO_COLOR: '1',
        npm_config_ignore_scripts: 'true',
        NODE_ENV: 'development',
      },
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (
      error
    );
    throw new Error(`${[command, ...args].join(' ')} failed:\n${stdout}${stderr}`, {
      cause: error,
    });
  }
}
