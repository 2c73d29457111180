import type { RedisOptions } from '../../../lib/index.js';
import { RedisConnections } from '../../../lib/redis/redis-connections.js';
import { startRedis, type RedisServer } from '../../support/redis.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import type { Proofs } from './proof.js';

/** Has `prove` meet the Redis of an app that differs in `options`. */
async function withRedis(
  app: AppOfEveryOption,
  options: RedisOptions,
  prove: (redis: RedisConnections, server: RedisServer) => Promise<void>,
): Promise<void> {
  const server = await startRedis();
  const { context, close } = await app.other({ redis: { url: `${server.url}/3`, ...options } });
  try {
    await prove(context.get(RedisConnections), server);
  } finally {
    await close();
    await server.stop();
  }
}

export const REDIS_PROOFS: Proofs<AppOfEveryOption> = {
  'redis.url': (app) =>
    withRedis(app, {}, async (redis, { port }) => {
      expect(await redis.command('INFO', 'server')).toMatch(`tcp_port:${port}`);
      expect(await redis.command('CLIENT', 'INFO')).toMatch('db=3');
    }),
  'redis.keyPrefix': (app) =>
    withRedis(app, { keyPrefix: 'board:' }, async (redis) => {
      await Promise.resolve();
      expect(redis.key('a')).toBe('board:a');
    }),
  'redis.timeout': (app) =>
    withRedis(app, { timeout: 501 }, async (redis, server) => {
      await redis.command('PING');
      server.freeze();
      await expect(redis.command('PING')).rejects.toThrow('501 ms');
      server.thaw();
    }),
};
