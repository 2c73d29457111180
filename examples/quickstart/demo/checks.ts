import type { INestApplication } from '@nestjs/common';
import { TenantService } from 'nestjs-tenancy';
import { DataSource } from 'typeorm';
import { ask, type Answer } from './ask.js';
import { Interleaving } from './interleaving.js';

/** A request with the answer that it should get and the one it got, in the same few words. */
export interface Checked {
  readonly request: string;
  readonly expected: string;
  readonly answered: string;
  readonly ok: boolean;
}

/** Asks `app` over HTTP, and suspends a tenant of it. Expects the tenants `acme` and `globex`, both empty. */
export async function checkAnswers(app: INestApplication, port: number): Promise<Checked[]> {
  const checked: Checked[] = [];
  const add = (request: string, expected: string, answered: string) =>
    checked.push({ request, expected, answered, ok: answered === expected });
  const get = async (host: string, path: string, expected: string, note = '') =>
    add(`GET ${host}${path}${note}`, expected, inWords(await ask(port, host, path)));
  const post = async (host: string, path: string, body: object, expected: string, note = '') =>
    add(`POST ${host}${path}${note}`, expected, inWords(await ask(port, host, path, body)));

  await post('acme.localhost', '/projects', { name: 'Website' }, '201 Website');
  await post('globex.localhost', '/projects', { name: 'Reactor' }, '201 Reactor');
  await get('acme.localhost', '/projects', '200 [Website]');
  await get('globex.localhost', '/projects', '200 [Reactor]');
  await get('acme.localhost', '/account', '200 Acme Ltd');
  await post('acme.localhost', '/projects', { name: '' }, '400 Bad Request', ', empty name');

  await get('nobody.localhost', '/projects', '404 TENANT_NOT_FOUND', ', unknown host');
  await get('localhost', '/projects', '404 TENANT_NOT_FOUND', ', no tenant');
  await get('localhost', '/health', '200 ok', ', no tenant');
  await get('acme.localhost', '/health', '404 ROUTE_NOT_FOR_TENANT', ', central route');

  const tenants = app.get(TenantService);
  await tenants.create({ slug: 'initech' });
  await get('initech.localhost', '/projects', '200 []', ', created just now');
  await tenants.suspend('initech');
  await get('initech.localhost', '/projects', '403 TENANT_SUSPENDED', ', suspended just now');

  const tasks = '/projects/1/tasks';
  const { result, happened } = await Interleaving.during(app.get(DataSource), () =>
    Promise.all([
      ask(port, 'acme.localhost', tasks, { titles: ['Sketch', 'Build', 'Publish'] }),
      ask(port, 'acme.localhost', tasks, { titles: ['Write', 'Translate'] }),
    ]),
  );
  const statuses = result.map(({ status }) => status).join(' and ');
  add(
    `POST acme.localhost${tasks}, two transactions at once`,
    '201 and 201, interleaved',
    `${statuses}, ${happened ? 'interleaved' : 'one after the other'}`,
  );
  await get('acme.localhost', '/projects/1', '200 Website, 5 tasks, counted 5');
  await get('globex.localhost', '/projects/1', '200 Reactor, 0 tasks, counted 0');
  return checked;
}

/** What bodies of this app hold; all of it optional, because a wrong answer may be any. */
interface Body {
  readonly code?: string;
  readonly error?: string;
  readonly status?: string;
  readonly name?: string;
  readonly taskCount?: number;
  readonly tasks?: readonly unknown[];
}

function inWords({ status, body }: Answer): string {
  if (Array.isArray(body)) return `${status} [${body.map(({ name }: Body) => name).join(', ')}]`;
  const { code, error, status: health, name, tasks, taskCount } = body as Body;
  const what = code ?? error ?? name ?? health;
  return tasks
    ? `${status} ${what}, ${tasks.length} tasks, counted ${taskCount}`
    : `${status} ${what}`;
}
