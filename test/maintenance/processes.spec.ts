import type { ChildProcess } from 'node:child_process';
import { ChildProgram, nextMessage } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { startMaintenanceApp, type MaintenanceApp } from './maintenance-app.js';
import type { Done, Order } from './child.js';

const [engine] = engines;
/** Milliseconds. */
const TTL = 2_000;
const IN_FORCE_WITHIN = 100;

let program: ChildProgram;
let redis: RedisServer;
let setup: EngineSetup;
let app: MaintenanceApp;
let children: [ChildProcess, ChildProcess, ChildProcess];

async function tell(child: ChildProcess, order: Order): Promise<Done> {
  child.send(order);
  const done = await nextMessage<Done>(child);
  if (done.failed !== undefined) throw new Error(done.failed);
  return done;
}

beforeAll(async () => {
  program = new ChildProgram('test/maintenance/child.ts');
  redis = await startRedis();
  setup = await engine!.prepare();
  app = await startMaintenanceApp(setup);
  for (const slug of ['acme', 'cut']) await app.tenants.create({ slug });
  children = [program.start(), program.start(), program.start()];
  const { centralUrl, serverUrl, databasePrefix } = setup;
  const start = { centralUrl, serverUrl, databasePrefix };
  const options = { redis: { url: redis.url }, registry: { ttl: TTL } };
  await Promise.all(children.map((child) => tell(child, { start, options })));
  // Once served, it is known by heart.
  for (const of of ['acme', 'cut']) {
    await Promise.all(children.map((child) => tell(child, { awaitStatus: 200, of })));
  }
}, 120_000);
afterAll(async () => {
  await program.dispose();
  await app.close();
  await redis.stop();
  await setup.cleanUp();
});

/** Has the first process change it, while all three are asked; when each of them answers otherwise, after that. */
async function delaysOf(change: 'enable' | 'disable' | 'suspend' | 'activate', status: number) {
  const [first, ...others] = children;
  const watching = others.map((child) => tell(child, { awaitStatus: status, of: 'acme' }));
  const { at } = await tell(first, { change, of: 'acme' });
  const own = await tell(first, { awaitStatus: status, of: 'acme' });
  // In force where it was changed before the promise resolves.
  expect(own.lastOther).toBeUndefined();
  return (await Promise.all(watching)).map(({ lastOther = at }) => lastOther - at);
}

it.each([
  ['enable', 503],
  ['disable', 200],
  ['suspend', 403],
  ['activate', 200],
] as const)(
  `%s is in force in three processes within ${IN_FORCE_WITHIN} ms`,
  async (change, status) => {
    for (const delay of await delaysOf(change, status)) {
      expect(delay).toBeLessThanOrEqual(IN_FORCE_WITHIN);
    }
  },
);

it('is in force by the time that registry.ttl is over while Redis is down, and when it is back', async () => {
  await redis.kill();
  const [first, ...others] = children;
  for (const [change, status] of [
    ['enable', 503],
    ['disable', 200],
  ] as const) {
    const watching = others.map((child) => tell(child, { awaitStatus: status, of: 'cut' }));
    const { at } = await tell(first, { change, of: 'cut' });
    for (const { lastOther = at } of await Promise.all(watching)) {
      expect(lastOther - at).toBeLessThanOrEqual(TTL);
    }
  }
  await redis.restart();
  const watching = others.map((child) => tell(child, { awaitStatus: 503, of: 'cut' }));
  await tell(first, { change: 'enable', of: 'cut' });
  await Promise.all(watching);
}, 60_000);

it('is in force by the time that registry.ttl is over while Redis is frozen, and at once when it goes on', async () => {
  const [first, ...others] = children;
  redis.freeze();
  try {
    for (const [change, status] of [
      ['disable', 200],
      ['enable', 503],
    ] as const) {
      const watching = others.map((child) => tell(child, { awaitStatus: status, of: 'cut' }));
      const { at } = await tell(first, { change, of: 'cut' });
      for (const { lastOther = at } of await Promise.all(watching)) {
        expect(lastOther - at).toBeLessThanOrEqual(TTL);
      }
    }
  } finally {
    redis.thaw();
  }
  await tell(first, { awaitStatus: 503, of: 'cut' });
  const watching = others.map((child) => tell(child, { awaitStatus: 200, of: 'cut' }));
  await tell(first, { change: 'disable', of: 'cut' });
  await Promise.all(watching);
}, 60_000);
