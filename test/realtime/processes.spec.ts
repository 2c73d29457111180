import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'socket.io-client';
import { TenantService } from '../../lib/index.js';
import { ChildProgram, nextMessage } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { ChatGateway, RedisIoAdapter } from './processes/chat.js';
import { optionsOf, type Done, type Order } from './processes/child.js';
import { heardBy, SocketIoClients } from './support/socket-io-client.js';
import { startSocketsApp, type SocketsApp } from './support/sockets-app.js';

const engine = engines[0]!;
let program: ChildProgram;
let redis: RedisServer;
let setup: EngineSetup;
let here: SocketsApp;
let there: ChildProcess;
let portThere: number;
const clientsHere = new SocketIoClients(() => here.port);
const clientsThere = new SocketIoClients(() => portThere);

async function tell(order: Order): Promise<number> {
  there.send(order);
  const done = await nextMessage<Done>(there);
  if ('failed' in done) throw new Error(done.failed);
  return done.port;
}

beforeAll(async () => {
  program = new ChildProgram('test/realtime/processes/child.ts');
  redis = await startRedis();
  setup = await engine.prepare();
  here = await startSocketsApp({
    setup,
    adapter: (nest) => new RedisIoAdapter(nest, redis.url),
    options: optionsOf(redis.url),
    providers: [ChatGateway],
  });
  for (const slug of ['acme', 'globex', 'ending']) {
    await here.nest.get(TenantService).create({ slug });
  }
  there = program.start();
  const { centralUrl, serverUrl, databasePrefix } = setup;
  portThere = await tell({ start: { centralUrl, serverUrl, databasePrefix }, redis: redis.url });
});

afterEach(() => {
  clientsHere.close();
  clientsThere.close();
});

afterAll(async () => {
  await here.nest.close();
  await program.dispose();
  await redis.stop();
  await setup.cleanUp();
});

/** One socket of each tenant at each process, all in a room of the same name. */
async function everywhere() {
  const connect = async (clients: SocketIoClients, slug: string) => {
    const socket = await clients.connect(`${slug}.localhost`);
    return { id: await ask(socket, 'join', 'room'), socket, heard: heardBy(socket) };
  };
  return {
    acmeHere: await connect(clientsHere, 'acme'),
    acmeThere: await connect(clientsThere, 'acme'),
    globexHere: await connect(clientsHere, 'globex'),
    globexThere: await connect(clientsThere, 'globex'),
  };
}

const ask = (socket: Socket, event: string, ...body: unknown[]) =>
  socket.timeout(5_000).emitWithAck(event, ...body);

it.each([[undefined], ['room']])(
  'a broadcast reaches the sockets of its tenant in all processes, in the room %s',
  async (room) => {
    const { acmeHere, acmeThere, globexHere, globexThere } = await everywhere();
    acmeHere.socket.emit('send', { room, text: 'of acme' });
    await until('acme has heard', () => acmeThere.heard.length > 0 && acmeHere.heard.length > 0);
    globexThere.socket.emit('send', { room, text: 'of globex' });
    await until('globex has heard', () => globexHere.heard.length > 0);
    await until('globex has heard there', () => globexThere.heard.length > 0);
    for (const { heard } of [acmeHere, acmeThere]) expect(heard).toEqual(['text:"of acme"']);
    for (const { heard } of [globexHere, globexThere]) expect(heard).toEqual(['text:"of globex"']);
  },
);

it('sockets of other processes are listed, join and are disconnected within their tenant', async () => {
  const { acmeHere, acmeThere, globexHere, globexThere } = await everywhere();
  const ids: string[] = await ask(acmeHere.socket, 'list');
  expect(ids.sort()).toEqual([acmeHere.id, acmeThere.id].sort());
  await ask(acmeHere.socket, 'join all', 'second');
  // The word of the joining comes back to this process, too, and nobody says when.
  await until('acme has heard here and there', async () => {
    await ask(acmeHere.socket, 'send', { room: 'second', text: 'second' });
    return acmeHere.heard.length > 0 && acmeThere.heard.length > 0;
  });
  acmeHere.socket.emit('end all');
  await until('acme is gone', () => !acmeHere.socket.connected && !acmeThere.socket.connected);
  expect(await ask(globexHere.socket, 'list')).toHaveLength(2);
  expect([globexHere.socket.connected, globexThere.socket.connected]).toEqual([true, true]);
  expect([...globexHere.heard, ...globexThere.heard]).toEqual([]);
});

it('a tenant that another process suspends is disconnected here within a second', async () => {
  const socket = await clientsHere.connect('ending.localhost');
  const other = await clientsHere.connect('acme.localhost');
  const gone = new Promise<number>((resolve) => {
    socket.once('disconnect', () => resolve(performance.now()));
  });
  const start = performance.now();
  await tell({ suspend: 'ending' });
  expect((await gone) - start).toBeLessThan(1_000);
  expect(other.connected).toBe(true);
  expect(await clientsThere.refused('ending.localhost')).toMatchObject({
    data: { code: 'TENANT_SUSPENDED' },
  });
});
