import { Logger } from '@nestjs/common';
import { resolveOptions } from '../../lib/options/resolve.js';
import { RedisConnections } from '../../lib/redis/redis-connections.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const TIMEOUT = 300;

let server: RedisServer;
let redis: RedisConnections;
const connect = (url = server.url) =>
  new RedisConnections(resolveOptions({ redis: { url, timeout: TIMEOUT } }, {}));
const ping = () => redis.command('PING');

beforeAll(async () => {
  Logger.overrideLogger(false);
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(() => {
  redis = connect();
});
afterEach(() => redis.onApplicationShutdown());

it('sends commands and scripts, and keys under the prefix', async () => {
  const key = redis.key('a');
  expect(key).toBe('tenancy:a');
  expect(await redis.command('SET', key, 'one', 'PX', '60000')).toBe('OK');
  expect(await redis.command('GET', key)).toBe('one');
  const script = "return redis.call('GET', KEYS[1]) .. ARGV[1]";
  // Once by its text, then by its hash.
  expect(await redis.evaluate(script, [key], ['!'])).toBe('one!');
  expect(await redis.evaluate(script, [key], ['?'])).toBe('one?');
});

it('gives what Redis refuses as it is', async () => {
  await redis.command('SET', 'text', 'x');
  await expect(redis.command('LPUSH', 'text', 'y')).rejects.toMatchObject({
    message: expect.stringMatching(/^WRONGTYPE/),
  });
});

it('without Redis in the options says what to do', async () => {
  const none = new RedisConnections(resolveOptions({}, {}));
  expect(none.configured).toBe(false);
  await expect(none.command('PING')).rejects.toThrow(/TENANCY_REDIS_URL/);
  none.onModuleInit();
  none.onApplicationShutdown();
});

it('does not take a standstill of this process for one of Redis', async () => {
  expect(await ping()).toBe('PONG');
  const answer = redis.command('BLPOP', 'nothing', String(TIMEOUT / 2_000));
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + 2 * TIMEOUT;
  while (performance.now() < end);
  expect(await answer).toBeNull();
});

it('refuses at once while Redis is down, and comes back by itself', async () => {
  expect(await ping()).toBe('PONG');
  await server.kill();
  const refused = { code: 'REDIS_UNAVAILABLE', status: 503 };
  await until('the connection is seen to be gone', async () => {
    const failure = await ping().catch((error: unknown) => error);
    return failure !== 'PONG';
  });
  const before = Date.now();
  for (let command = 0; command < 100; command++) {
    await expect(ping()).rejects.toMatchObject(refused);
  }
  expect(Date.now() - before).toBeLessThan(TIMEOUT);
  await server.restart();
  await until('it answers', async () => (await ping().catch(() => '')) === 'PONG');
});

it('gives up what is not answered in time', async () => {
  await ping();
  server.freeze();
  await expect(ping()).rejects.toMatchObject({
    code: 'REDIS_UNAVAILABLE',
    message: expect.stringContaining(`${TIMEOUT} ms`),
  });
  server.thaw();
  expect(await ping()).toBe('PONG');
});

it('starts without Redis, and finds it later', async () => {
  await server.kill();
  const early = connect();
  early.onModuleInit();
  await expect(early.command('PING')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  await server.restart();
  await until('it answers', async () => (await early.command('PING').catch(() => '')) === 'PONG');
  early.onApplicationShutdown();
});

it('is closed for good', async () => {
  const closing = connect();
  await closing.command('PING');
  server.freeze();
  const answer = closing.command('PING').catch((error: unknown) => error);
  closing.onApplicationShutdown();
  expect(await answer).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  server.thaw();
  await expect(closing.command('PING')).rejects.toMatchObject({
    message: expect.stringContaining('shut down'),
  });
});

it('never tells the password', async () => {
  const locked = await startRedis('--requirepass', 'right');
  const wrong = connect(locked.url.replace('//', '//:open-sesame@'));
  const failure: unknown = await wrong.command('PING').catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  expect(String(failure)).toMatch(/WRONGPASS/);
  expect(String(failure)).not.toContain('open-sesame');
  const right = connect(locked.url.replace('//', '//:right@'));
  expect(await right.command('PING')).toBe('PONG');
  for (const one of [wrong, right]) one.onApplicationShutdown();
  await locked.stop();
});
