/**
 * `npm run demo`: the app in `src/`, served to two tenants on databases that are thrown away afterwards. It prints
 * lines to paste and serves until Ctrl-C.
 *
 * `npm run demo -- --check` makes the requests itself, over HTTP, prints each with the answer that was expected and the
 * one that came, and exits 0 only when all of them are right. What is asked: `demo/checks.ts`.
 *
 * The embedded engine serves unless `--server=mariadb` or `--server=mysql` has one started. Options: `demo/options.ts`.
 */
import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { TenantService } from 'nestjs-tenancy';
import type { Bound } from '../../bench/harness/bounds.js';
import { runCommand, type Outcome } from '../../bench/harness/command.js';
import { describeMachine, machineLine } from '../../bench/harness/machine.js';
import { stoppingAfter } from '../../bench/harness/stopping.js';
import { table } from '../../bench/harness/table.js';
import { checkAnswers, type Checked } from './demo/checks.js';
import { readDemoOptions, type DemoOptions } from './demo/options.js';
import { startDatabase } from './demo/throw-away-database.js';
import { AppModule } from './src/app.module.js';

function demo(options: DemoOptions): Promise<Outcome> {
  return stoppingAfter(async (keep) => {
    const database = keep(await startDatabase(options.server));
    // Where tenancy.config.ts leaves the databases to be told.
    Object.assign(process.env, database.environment);
    const machine = describeMachine(database.version);
    console.log(machineLine(machine));

    const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
    keep({ stop: () => app.close() });
    const tenants = app.get(TenantService);
    await tenants.create({ slug: 'acme', name: 'Acme Ltd' });
    await tenants.create({ slug: 'globex', name: 'Globex Inc' });
    const port = await listen(app, options.port);

    const answers = options.check ? await check(app, port) : [];
    if (!options.check) await serve(port);
    return { machine, options, figures: { answers }, bounds: [demand(answers)] };
  });
}

/** On this machine alone; `*.localhost` leads here. */
async function listen(app: INestApplication, port: number): Promise<number> {
  try {
    await app.listen(port, '127.0.0.1');
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!inUse) throw error;
    throw new Error(`Port ${port} is taken: npm run demo -- --port=${port + 1}`, { cause: error });
  }
  return (app.getHttpServer().address() as AddressInfo).port;
}

async function serve(port: number): Promise<void> {
  const acme = `http://acme.localhost:${port}/projects`;
  const json = "-H 'content-type: application/json' -d";
  console.log(`
Two tenants are served, each from a database of its own. To paste:

  curl ${acme} ${json} '{"name":"Website"}'
  curl ${acme}
  curl http://globex.localhost:${port}/projects
  curl ${acme}/1/tasks ${json} '{"titles":["Sketch","Build"]}'
  curl ${acme}/1
  curl http://globex.localhost:${port}/projects/1
  curl http://globex.localhost:${port}/account
  curl http://nobody.localhost:${port}/projects
  curl http://localhost:${port}/health

Where *.localhost leads nowhere: curl -H 'Host: acme.localhost' http://127.0.0.1:${port}/projects
Ctrl-C ends the app and deletes its databases.`);
  await toldToEnd();
}

/** The handlers stay: npm passes on the Ctrl-C that the terminal has sent already, and that must not stop the cleaning up. */
function toldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
  });
}

async function check(app: INestApplication, port: number): Promise<readonly Checked[]> {
  const answers = await checkAnswers(app, port);
  const columns = [
    { heading: 'request', cell: ({ request }: Checked) => request },
    { heading: 'expected', cell: ({ expected }: Checked) => expected },
    { heading: 'answered', cell: ({ answered }: Checked) => answered },
    { heading: 'ok', cell: ({ ok }: Checked) => (ok ? 'yes' : 'NO') },
  ];
  console.log(`\n${table(columns, answers)}`);
  return answers;
}

/** Every answer right; those that are not, by their requests. */
function demand(answers: readonly Checked[]): Bound {
  const wrong = answers.filter(({ ok }) => !ok);
  const right = answers.length - wrong.length;
  const named = wrong.map(({ request, answered }) => `, not ${request}: ${answered}`);
  return {
    what: 'right answers',
    value: right,
    limit: answers.length,
    unit: 'answers',
    holds: wrong.length === 0,
    text: `${right} of ${answers.length} answers are right${named.join('')}`,
  };
}

void runCommand(readDemoOptions, demo);
