import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import ts from 'typescript';
import { CliApp } from '../cli/support/cli-app.js';
import type { CommandPackage } from '../cli/support/command-package.js';
import { kill } from '../support/child-program.js';
import type { Step } from './guide-page.js';

const TELL_PORT = join(__dirname, '../scaffold/tell-port.mjs');

/** What every Nest app has, and no guide shows. */
const MAIN = `
  import { NestFactory } from '@nestjs/core';
  import { AppModule } from './app.module';
  void NestFactory.create(AppModule, { logger: ['error'] }).then((app) => app.listen(0));
`;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** How what a guide says is true of the databases of a test, which have other names and may be of another kind. */
export interface Differences {
  readonly env: Readonly<Record<string, string>>;
  /** In code and commands. */
  readonly rewrite: (text: string) => string;
}

/** An app whose developer follows a guide. */
export class GuidedApp {
  private readonly cli: CliApp;
  private serving?: { readonly child: ChildProcess; readonly url: string };

  constructor(
    command: CommandPackage,
    private readonly differences: Differences,
  ) {
    this.cli = new CliApp(command, 'cjs', { 'src/main.ts': MAIN }, differences.env);
  }

  /** Does what the guide says. Commands that fail throw. */
  async follow(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if ('file' in step) this.cli.write({ [step.file]: this.differences.rewrite(step.code) });
      else for (const command of step.commands) await this.type(this.differences.rewrite(command));
    }
  }

  delete(file: string): void {
    rmSync(join(this.cli.folder, file));
  }

  /** `npx nest build`, without the checks: check:docs does those. */
  build(): void {
    const [source, target] = [join(this.cli.folder, 'src'), join(this.cli.folder, 'dist')];
    rmSync(target, { recursive: true, force: true });
    for (const name of readdirSync(source, { encoding: 'utf8', recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const { outputText } = ts.transpileModule(readFileSync(join(source, name), 'utf8'), {
        fileName: join(source, name),
        compilerOptions: COMPILER_OPTIONS,
      });
      const output = join(target, name.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(output), { recursive: true });
      writeFileSync(output, outputText);
    }
  }

  async start(): Promise<void> {
    const child = this.run('dist/main.js', ['--import', TELL_PORT]);
    const printed = text(child.stderr!);
    const exited = once(child, 'exit').then(async () => {
      throw new Error(`The app has ended: ${await printed}`);
    });
    const [port] = await Promise.race([once(child, 'message'), exited]);
    exited.catch(() => undefined);
    this.serving = { child, url: `http://127.0.0.1:${port}` };
  }

  async stop(): Promise<void> {
    if (this.serving !== undefined) await kill(this.serving.child);
    this.serving = undefined;
  }

  /** A request as a browser makes it for `host`; a POST where there is a body. */
  async ask(path: string, headers: Record<string, string>, body?: object): Promise<Answer> {
    if (this.serving === undefined) throw new Error('The app is not started');
    const asked = request(this.serving.url + path, {
      agent: false,
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    });
    asked.end(body && JSON.stringify(body));
    const [response] = await once(asked, 'response');
    return { status: response.statusCode, body: JSON.parse(await text(response)) };
  }

  private async type(line: string): Promise<void> {
    const [program, ...args] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, plain]) => quoted ?? plain ?? '',
    );
    // Installed already; and a test has central databases and addresses of its own.
    if (program === 'npm' || program === 'mysql' || program === 'export') return;
    if (line === 'npx nest build') return this.build();
    if (program === 'npx' && args[0] === 'tenancy') {
      const { code, stdout, stderr } = await this.cli.run(args.slice(1));
      if (code !== 0) throw new Error(`${line} ended with ${code}: ${stdout}${stderr}`);
    } else if (program === 'node') {
      const child = this.run(args[0]!);
      const [printed, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
      if (code !== 0) throw new Error(`${line} ended with ${code}: ${printed}`);
    } else {
      throw new Error(`No test can follow: ${line}`);
    }
  }

  private run(file: string, execArgv: string[] = []): ChildProcess {
    const { PATH = '' } = process.env;
    return fork(join(this.cli.folder, file), {
      cwd: this.cli.folder,
      env: { PATH, ...this.differences.env },
      execArgv,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  }
}

const COMPILER_OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ES2023,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
};
