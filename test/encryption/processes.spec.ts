import type { ClientKey } from '../../lib/encryption/index.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { Client } from './client.js';
import { MASTER_KEY, startMessagesApp, type MessagesApp } from './messages-app.js';

let program: ChildProgram;
let redis: RedisServer;
let setup: EngineSetup;
let app: MessagesApp;
let key: ClientKey;
let tenant: { readonly id: string; readonly slug: string };

beforeAll(async () => {
  program = new ChildProgram('test/encryption/child.ts');
  redis = await startRedis();
  setup = await engines[0]!.prepare();
  const options = { redis: { url: redis.url } };
  app = await startMessagesApp(setup, 'fastify', { masterKeys: [MASTER_KEY] }, options);
  tenant = await app.tenants.get('a');
  key = await keyNow();
}, 120_000);
afterAll(async () => {
  await app.nest.close();
  await program.dispose();
  await redis.stop();
  await setup.cleanUp();
});

const keyNow = () => app.tenancy.run('a', () => app.encryption.clientKey(app.tenancy.require()));

async function startChild(withRedis: boolean) {
  const child = program.start();
  const { centralUrl, serverUrl, databasePrefix } = setup;
  const port = nextMessage<number>(child);
  child.send({ centralUrl, serverUrl, databasePrefix, ...(withRedis && { redis: redis.url }) });
  return { child, client: new Client(await port, tenant, [key]) };
}

it('a message that one process has accepted no other accepts, where there is a Redis', async () => {
  const { child, client: other } = await startChild(true);
  const here = new Client(app.port, tenant, [key]);
  for (let round = 0; round < 20; round += 1) {
    const message = await here.seal('POST', '/notes', { round });
    const replies = await Promise.all([
      here.send('POST', '/notes', message),
      other.send('POST', '/notes', message),
    ]);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 401]);
  }
  await kill(child);
}, 60_000);

it('a message that a killed process has accepted the next one refuses', async () => {
  for (const withRedis of [true, false]) {
    const first = await startChild(withRedis);
    const message = await first.client.seal('POST', '/notes', { n: 1 });
    expect((await first.client.send('POST', '/notes', message)).status).toBe(201);
    await kill(first.child);
    const second = await startChild(withRedis);
    expect((await second.client.send('POST', '/notes', message)).status).toBe(401);
    await kill(second.child);
  }
}, 60_000);

it('while Redis is away no message is accepted, and afterwards they are again', async () => {
  const client = new Client(app.port, tenant, [key]);
  await redis.kill();
  const reply = await client.post('/notes', { n: 1 });
  expect([reply.status, JSON.parse(reply.text).code]).toEqual([503, 'REDIS_UNAVAILABLE']);
  await redis.restart();
  await until(
    'messages are accepted again',
    async () => (await client.post('/notes', { n: 1 })).status === 201,
  );
}, 60_000);

it('a rotation is known to the other process at once, and no message is lost', async () => {
  const { child, client: _ } = await startChild(true);
  const next = await app.tenancy.run('a', () =>
    app.encryption.nextClientKey(app.tenancy.require()),
  );
  const other = new Client(_['port'], tenant, [next!, key]);
  // Before the rotation: the client has the key that comes, and may use it.
  expect((await other.open(await other.post('/notes', { n: 1 }))).status).toBe(201);
  const rotated = Date.now();
  await app.encryption.rotate('a');
  await until('the other process answers under the new key', async () => {
    const { header } = await other.open(await other.send('GET', '/notes'));
    return header['kid'] === next!.kid;
  });
  expect(Date.now() - rotated).toBeLessThan(1_000);
  await kill(child);
}, 60_000);
