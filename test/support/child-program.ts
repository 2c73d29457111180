import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../..');

/**
 * A TypeScript file of this repository, with all that it imports, compiled once for child processes: they are plain
 * node, which runs no TypeScript, and start in half a second.
 */
export class ChildProgram {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nestjs-tenancy-child-'));
  readonly #main: string;
  readonly #running = new Set<ChildProcess>();
  #next?: ChildProcess;

  /** @param entry the path of the file in the repository */
  constructor(entry: string) {
    const compiled = new Set<string>();
    const pending = [join(ROOT, entry)];
    for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
      if (compiled.has(file)) continue;
      compiled.add(file);
      pending.push(...this.#compile(file));
    }
    this.#main = this.#target(join(ROOT, entry));
  }

  /** Starts it, and has its messages arrive at `message`. What it prints is seen in the test's output. */
  start(...args: string[]): ChildProcess {
    const child = fork(this.#main, args, {
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  /** One that has been starting since the last call; the next one starts now. For tests that need many in turn. */
  next(): ChildProcess {
    const child = this.#next ?? this.start();
    this.#next = this.start();
    return child;
  }

  /** Kills what still runs, and deletes what was compiled. */
  async dispose(): Promise<void> {
    await Promise.all([...this.#running].map(kill));
    rmSync(this.#folder, { recursive: true });
  }

  #target(file: string): string {
    return join(this.#folder, relative(ROOT, file).replace(/\.ts$/, '.js'));
  }

  /** @returns the files that it imports */
  #compile(file: string): string[] {
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions });
    mkdirSync(dirname(this.#target(file)), { recursive: true });
    writeFileSync(this.#target(file), outputText);
    const imports = outputText.matchAll(/require\("(\.[^"]+)\.js"\)/g);
    return [...imports].map(([, path]) => resolve(dirname(file), `${path}.ts`));
  }
}

const { compilerOptions: settings } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) =>
  readFileSync(file, 'utf8'),
).config;
const compilerOptions: ts.CompilerOptions = {
  ...ts.convertCompilerOptionsFromJson(settings, ROOT).options,
  module: ts.ModuleKind.CommonJS,
  moduleResolution: undefined,
  sourceMap: false,
};

/** SIGKILL, and the end of the process. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** The next message of `child`. Rejects when it ends without one. */
export function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolveMessage, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`The child ended with ${code} before it said anything.`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolveMessage(message as T);
    });
  });
}
