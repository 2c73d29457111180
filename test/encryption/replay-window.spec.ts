import { ReplayWindow } from '../../lib/encryption/messages/replay-window.js';
import { resolveEncryptionOptions } from '../../lib/encryption/encryption-options.js';
import { resolveOptions } from '../../lib/options/resolve.js';
import { RedisConnections } from '../../lib/redis/redis-connections.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { codeOf } from '../support/rejection.js';
import { MASTER_KEY } from './messages-app.js';

/** Seconds. */
const WINDOW = 60;
const NOW = Date.parse('2030-05-06T12:00:00Z');

let server: RedisServer;
let redis: RedisConnections;
beforeAll(async () => {
  server = await startRedis();
  redis = new RedisConnections(resolveOptions({ redis: { url: server.url } }, {}));
});
afterEach(() => jest.restoreAllMocks());
afterAll(async () => {
  redis.onApplicationShutdown();
  await server.stop();
});

const windowOf = () =>
  new ReplayWindow(
    resolveEncryptionOptions(
      { masterKeys: [MASTER_KEY], messages: { replayWindow: WINDOW } },
      true,
      {},
    ),
    redis,
  );
const setClock = (seconds: number) =>
  jest.spyOn(Date, 'now').mockReturnValue(NOW + seconds * 1_000);

it('is remembered for as long as another process, whose clock is behind, would accept it', async () => {
  const message = { jti: 'made-by-the-client', iat: NOW / 1_000 };
  const [ahead, behind] = [windowOf(), windowOf()];
  // Its last second, by this clock; by one that is a window behind, a whole window more.
  setClock(WINDOW);
  await ahead.accept('tenant', message);
  setClock(0);
  expect(await codeOf(() => behind.accept('tenant', message))).toBe('MESSAGE_REPLAYED');
  const left = await redis.command('PTTL', redis.key('replay:tenant:made-by-the-client'));
  expect(Number(left)).toBeGreaterThan(WINDOW * 1_000);
});
