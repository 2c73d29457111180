import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { currentTenant } from '../../lib/context/tenant-context.js';
import { resolveOptions } from '../../lib/options/resolve.js';
import { RedisConnections } from '../../lib/redis/redis-connections.js';
import { Signals } from '../../lib/redis/signals.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

/** What one process has of signals, and what it heard of the topic `news`. */
class Process {
  readonly heard: unknown[] = [];
  missed = 0;
  readonly redis: RedisConnections;
  readonly signals: Signals;
  readonly stop: () => void;

  constructor(url?: string, timeout?: number) {
    this.redis = new RedisConnections(
      resolveOptions(url === undefined ? {} : { redis: { url, timeout } }, {}),
    );
    this.signals = new Signals(this.redis);
    this.stop = this.signals.on('news', {
      receive: (message) => this.heard.push(message),
      missed: () => (this.missed += 1),
    });
    this.redis.onModuleInit();
    this.signals.onModuleInit();
  }

  /** It hears from now on what others say. */
  async listening(times = 1): Promise<this> {
    await until('it listens', () => this.missed >= times);
    return this;
  }

  close(): void {
    this.signals.onApplicationShutdown();
    this.redis.onApplicationShutdown();
  }
}

/** Milliseconds that a command may take where it is to be short. */
const TIMEOUT = 100;

let server: RedisServer;
let processes: Process[] = [];
const start = (url = server.url) => {
  const process = new Process(url);
  processes.push(process);
  return process;
};

beforeAll(async () => {
  Logger.overrideLogger(false);
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(() => {
  for (const process of processes) process.close();
  processes = [];
});

const publishing = async (from: Process, message: unknown) => {
  await from.signals.publish('news', message);
};

it('reach every process once, the own at once', async () => {
  const [one, other] = await Promise.all([start().listening(), start().listening()]);
  const published = publishing(one, { of: 'one' });
  expect(one.heard).toEqual([{ of: 'one' }]);
  await published;
  await until('the other has heard', () => other.heard.length > 0);
  await publishing(other, 'back');
  await until('it has come back', () => one.heard.length > 1);
  expect(one.heard).toEqual([{ of: 'one' }, 'back']);
  expect(other.heard).toEqual([{ of: 'one' }, 'back']);
});

it('reach who listens to their topic, until it stops', async () => {
  const [one, other] = await Promise.all([start().listening(), start().listening()]);
  await one.signals.publish('something else', 1);
  one.stop();
  await publishing(one, 2);
  await until('the other has heard', () => other.heard.length > 0);
  expect(other.heard).toEqual([2]);
  expect(one.heard).toEqual([]);
});

it('reach the one process where there is no Redis', async () => {
  const alone = new Process();
  await publishing(alone, 'hello');
  expect(alone.heard).toEqual(['hello']);
});

it('are heard outside of the tenant that they were published in', async () => {
  const alone = new Process();
  let heardFor: unknown = 'nothing';
  alone.signals.on('news', {
    receive: () => (heardFor = currentTenant()),
    missed: () => {},
  });
  await publishing(alone, 1);
  expect(heardFor).toBeUndefined();
});

it('go on when a listener throws, or what comes is no signal', async () => {
  const [one, other] = await Promise.all([start().listening(), start().listening()]);
  other.signals.on('news', {
    receive: () => {
      throw new Error('broken');
    },
    missed: () => {},
  });
  const later: unknown[] = [];
  other.signals.on('news', { receive: (message) => later.push(message), missed: () => {} });
  for (const [times, text] of ['not JSON', 'null', '"text"', '{"from":"elsewhere"}'].entries()) {
    await one.redis.command('PUBLISH', one.redis.key('signals'), text);
    await until(`${text} is taken for a lost one`, () => other.missed > times + 1);
  }
  await publishing(one, 1);
  await until('the other has heard', () => later.length > 0);
});

it('are told of as missed to a listener that was cut off', async () => {
  const [one, other] = await Promise.all([start().listening(), start().listening()]);
  await one.redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await other.listening(2);
  await publishing(one, 'after');
  await until('it hears again', () => other.heard.length > 0);
  expect(other.heard).toEqual(['after']);
});

it('are told of as missed when Redis was gone, and never reject', async () => {
  const [one, other] = await Promise.all([start().listening(), start().listening()]);
  await server.kill();
  await publishing(one, 'lost');
  expect(one.heard).toEqual(['lost']);
  await server.restart();
  await Promise.all([one.listening(2), other.listening(2)]);
  await publishing(one, 'found');
  await until('it hears again', () => other.heard.includes('found'));
});

it('are told of as missed when only who published was cut off', async () => {
  const [one, other] = await Promise.all([start().listening(), start().listening()]);
  const permit = (what: string) => other.redis.command('ACL', 'SETUSER', 'default', what);
  await permit('-publish');
  await publishing(one, 'lost');
  expect(other.missed).toBe(1);
  await permit('+publish');
  await other.listening(2);
  expect([one.missed, other.heard]).toEqual([1, []]);
});

it('are told of as missed to who was let listen late', async () => {
  let letGo = () => {};
  // Redis behind something that holds back that who connects wants to listen.
  const proxy = createServer((from) => {
    const to = connect(server.port, server.host);
    from.on('data', (bytes) => {
      if (!bytes.includes('subscribe')) return void to.write(bytes);
      letGo = () => void to.write(bytes);
    });
    to.pipe(from);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  }).listen(0, server.host);
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const held = new Process(`redis://${server.host}:${port}`, TIMEOUT);
  processes.push(held);
  const log = jest.spyOn(Logger.prototype, 'error');
  // Longer than a command may take.
  await pause(3 * TIMEOUT);
  await publishing(await start().listening(), 'lost');
  expect(held.missed).toBe(0);
  letGo();
  await held.listening();
  expect(held.heard).toEqual([]);
  expect(log).not.toHaveBeenCalled();
  log.mockRestore();
  proxy.close();
});

it('leave nothing to be tried again by an app that has shut down', async () => {
  const one = await start().listening();
  await server.kill();
  const lost = publishing(one, 'lost');
  one.close();
  const set = jest.spyOn(globalThis, 'setTimeout');
  const cleared = jest.spyOn(globalThis, 'clearTimeout');
  await lost;
  await publishing(one, 'later');
  const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout);
  for (const timer of timers) expect(cleared).toHaveBeenCalledWith(timer);
  jest.restoreAllMocks();
  await server.restart();
});
