import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { ask, type Answer } from '../../support/http.js';
import type { NewRow } from './board.module.js';
import type { Operation, Visit } from './operation.js';

const hostOf = ({ tenant }: Visit) => `${tenant.slug}.localhost`;
const JSON_BODY = { 'content-type': 'application/json' };

async function get(visit: Visit, path: string): Promise<unknown> {
  return expectOk(await ask(visit.app.nest, path, { host: hostOf(visit), agent: visit.agent }));
}

async function post(visit: Visit, path: string, row: NewRow): Promise<void> {
  const { app, agent } = visit;
  const options = { host: hostOf(visit), agent, headers: JSON_BODY, chunks: bodyOf(row) };
  expectOk(await ask(app.nest, path, options));
}

async function* bodyOf(row: NewRow): AsyncIterable<string> {
  yield JSON.stringify(row);
}

function expectOk({ status, body }: Answer): unknown {
  if (status < 300) return body;
  throw new Error(`Answered with ${status}: ${JSON.stringify(body)}`);
}

/** Sends a request whose client goes away. */
function send(visit: Visit, method: string, path: string, row?: NewRow): ClientRequest {
  const { port } = visit.app.nest.getHttpServer().address() as AddressInfo;
  const headers = { host: hostOf(visit), ...(row && JSON_BODY) };
  const sent = request({ host: '127.0.0.1', port, method, path, headers });
  // The end that it comes to is the client's own doing.
  sent.on('error', () => undefined);
  sent.end(row && JSON.stringify(row));
  return sent;
}

/** What clients do over real sockets. */
export const HTTP_OPERATIONS: Record<string, Operation> = {
  'GET rows': async (visit) => {
    visit.ledger.check((await get(visit, '/teams')) as NewRow[]);
  },
  'POST a row': async (visit) => {
    const row = visit.ledger.newRow();
    await post(visit, '/teams', row);
    visit.ledger.hasTeam(row);
  },
  'POST a pair in a transaction': async (visit) => {
    const row = visit.ledger.newRow();
    await post(visit, '/pairs', row);
    visit.ledger.hasPair(row);
  },
  'GET a lazy relation': async (visit) => {
    const tasks = (await get(visit, `/projects/${1 + visit.random.below(3)}/tasks`)) as NewRow[];
    if (visit.ledger.check(tasks).length === 0) throw new Error('No tasks are there');
  },
  'GET a stream': async (visit) => {
    const text = String(await get(visit, '/tasks.txt'));
    const rows = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { task_marker: string });
    visit.ledger.check(rows.map(({ task_marker: marker }) => ({ marker })));
    if (rows.length < 9) throw new Error('Not all tasks are there');
  },
  'GET a stream and go away in its midst': async (visit) => {
    const sent = send(visit, 'GET', '/tasks.txt');
    const [response] = await once(sent, 'response');
    await once(response, 'data');
    sent.destroy();
  },
  'POST a pair and go away': async (visit) => {
    const row = visit.ledger.newRow();
    visit.ledger.mayHavePair(row);
    const sent = send(visit, 'POST', '/pairs', row);
    for (let turns = visit.random.below(12); turns > 0; turns -= 1) await turn();
    sent.destroy();
  },
  'GET as a tenant that there is not': async (visit) => {
    const { app, agent } = visit;
    const { status, body } = await ask(app.nest, '/teams', { host: 'nope.localhost', agent });
    if (status !== 404) throw new Error(`Answered with ${status}: ${JSON.stringify(body)}`);
  },
};
