import { RedisConnections } from '../../redis/redis-connections.js';
import { failureOf } from '../failure.js';
import { ok, problem, type Check } from './check.js';

/** Whether the Redis of the options answers. */
export const redis: Check = {
  name: 'redis',
  async run({ options }) {
    const connections = new RedisConnections(options);
    if (!connections.configured) return [];
    try {
      await connections.command('PING');
      return [ok('redis', 'answers')];
    } catch (error) {
      return [
        problem(
          'redis',
          `cannot be used: ${failureOf(error).message}`,
          'Start it, or mend redis.url (TENANCY_REDIS_URL): until then processes do not hear of each other, and what is ' +
            'kept there is refused',
        ),
      ];
    } finally {
      connections.onApplicationShutdown();
    }
  },
};
