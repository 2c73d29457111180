import type { ClientKey } from '../../lib/encryption/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { Client } from './client.js';
import { MASTER_KEY, startMessagesApp, type MessagesApp } from './messages-app.js';

const NEW_MASTER = Buffer.alloc(32, 'another master').toString('base64');

let setup: EngineSetup;
let app: MessagesApp | undefined;
beforeEach(async () => {
  setup = await engines[0]!.prepare();
});
afterEach(async () => {
  await app?.nest.close();
  await setup.cleanUp();
});

async function start(platform: string, masterKeys: readonly string[]): Promise<MessagesApp> {
  await app?.nest.close();
  app = await startMessagesApp(setup, platform, { masterKeys });
  return app;
}

const inA = <T>(
  { tenancy }: MessagesApp,
  work: (tenant: ReturnType<MessagesApp['tenancy']['require']>) => Promise<T>,
) => tenancy.run('a', () => work(tenancy.require()));
const keyOf = (of: MessagesApp) => inA(of, (tenant) => of.encryption.clientKey(tenant));
const clientWith = async (of: MessagesApp, ...keys: ClientKey[]) =>
  new Client(of.port, await of.tenants.get('a'), keys);

describe.each(Object.keys(PLATFORMS))('a rotation on %s', (platform) => {
  it('loses none of the messages that are under way', async () => {
    const running = await start(platform, [MASTER_KEY]);
    const { encryption } = running;
    let keys: ClientKey[] = [await keyOf(running)];
    const opened: string[] = [];
    const end = new AbortController();
    const worker = async (name: number) => {
      for (let n = 0; !end.signal.aborted; n += 1) {
        const client = await clientWith(running, ...keys);
        const sent = { name, n };
        const { status, body, header } = await client.open(await client.post('/notes', sent));
        expect([status, body]).toEqual([201, { slug: 'a', note: sent }]);
        const read = await client.open(await client.send('GET', '/notes'));
        expect(read.body).toEqual(['of a']);
        opened.push(String(header['kid']));
      }
    };
    const workers = Array.from({ length: 8 }, (_, name) => worker(name));
    for (let round = 0; round < 5; round += 1) {
      const next = await inA(running, (tenant) => encryption.nextClientKey(tenant));
      // Clients have both keys before, and go on with the old one until after the rotation.
      keys = [keys[0]!, next!];
      const before = opened.length;
      while (opened.length < before + 16) await Promise.race([...workers, tick()]);
      await encryption.rotate('a');
      const after = opened.length;
      while (opened.length < after + 16) await Promise.race([...workers, tick()]);
      keys = [next!];
      expect((await keyOf(running)).kid).toBe(next!.kid);
    }
    end.abort();
    await Promise.all(workers);
    expect(new Set(opened).size).toBeGreaterThanOrEqual(5);
  }, 60_000);
});

const tick = () => new Promise((resolve) => setImmediate(resolve));

it('the old key is good for the overlap, and not after it', async () => {
  const running = await start('fastify', [MASTER_KEY]);
  const old = await keyOf(running);
  const client = await clientWith(running, old);
  await running.encryption.rotate('a', { overlap: 60 });
  expect((await client.open(await client.post('/notes', { n: 1 }))).header['kid']).toBe(old.kid);
  await running.encryption.rotate('a', { overlap: 60 });
  const refused = async () => JSON.parse((await client.post('/notes', { n: 2 })).text).code;
  expect(await refused()).toBe('MESSAGE_KEY_REFUSED');
});

it('a leaked key is refused at once, and gives no access to the new one', async () => {
  const running = await start('fastify', [MASTER_KEY]);
  const old = await keyOf(running);
  const client = await clientWith(running, old);
  await running.encryption.rotate('a', { overlap: 0 });
  const reply = await client.post('/notes', { n: 1 });
  expect([reply.status, JSON.parse(reply.text).code]).toEqual([401, 'MESSAGE_KEY_REFUSED']);
  await expect(async () => client.open(await client.send('GET', '/notes'))).rejects.toThrow();
  const { kid } = await keyOf(running);
  const forged = await client.post('/notes', { n: 1 }, {});
  expect(forged.status).toBe(401);
  const renamed = new Client(running.port, await running.tenants.get('a'), [{ ...old, kid }]);
  expect(JSON.parse((await renamed.post('/notes', {})).text).code).toBe('MESSAGE_UNREADABLE');
});

it('a rotation keeps the rest of the settings', async () => {
  const running = await start('fastify', [MASTER_KEY]);
  await running.tenants.update('a', {
    settings: { plan: 'pro', encryption: { messages: 'required' } },
  });
  await running.encryption.rotate('a');
  expect((await running.tenants.get('a')).settings).toEqual({
    plan: 'pro',
    encryption: { messages: 'required', keyVersion: 2, previousKeyUntil: expect.any(String) },
  });
});

it('rotations and changes of other settings at once are all done', async () => {
  const running = await start('fastify', [MASTER_KEY]);
  const other = await startMessagesApp(setup, 'fastify', { masterKeys: [MASTER_KEY] });
  try {
    for (let round = 1; round <= 20; round += 1) {
      const plan = `plan ${round}`;
      await Promise.all([
        running.encryption.rotate('a'),
        other.tenants.update('a', { settings: (settings) => ({ ...settings, plan }) }),
        other.encryption.rotate('a'),
      ]);
      const { settings } = await running.tenants.get('a');
      expect(settings).toMatchObject({ plan, encryption: { keyVersion: 1 + 2 * round } });
    }
  } finally {
    await other.nest.close();
  }
});

it('a new master key goes first, the old one stays readable until it is left out', async () => {
  const old = await keyOf(await start('fastify', [MASTER_KEY]));
  const both = await start('fastify', [NEW_MASTER, MASTER_KEY]);
  const client = await clientWith(both, old);
  expect((await client.open(await client.post('/notes', { n: 1 }))).status).toBe(201);
  expect((await keyOf(both)).kid).not.toBe(old.kid);
  const without = await start('fastify', [NEW_MASTER]);
  const late = await clientWith(without, old);
  expect(JSON.parse((await late.post('/notes', {})).text).code).toBe('MESSAGE_KEY_REFUSED');
});

it('the keys of tenants differ, and stay the same', async () => {
  const running = await start('fastify', [MASTER_KEY]);
  const a = await keyOf(running);
  const b = await running.tenancy.run('b', () =>
    running.encryption.clientKey(running.tenancy.require()),
  );
  expect(a.k).not.toBe(b.k);
  expect(await keyOf(await start('express', [MASTER_KEY]))).toEqual(a);
});
