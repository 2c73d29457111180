import { Logger } from '@nestjs/common';
import type { EventEmitter } from 'node:events';
import type { PoolEvents } from './pool-events.js';

/** Milliseconds between two lines that say that a server's connections are all in use. */
const SAY_AGAIN_AFTER = 60_000;

/** Writes to the log what an operator must know, once each time and not for every request. */
export function writePoolLog(events: EventEmitter<PoolEvents>): void {
  const logger = new Logger('TenancyPool');
  const saidExhausted = new Map<string, number>();

  events.on('breaker', ({ server, from, to, cause }) => {
    if (to === 'closed') logger.log(`Server "${server}" is back.`);
    if (from !== 'closed') return;
    logger.error(`Server "${server}" is unavailable, its tenants are refused: ${cause?.message}`);
  });

  events.on('exhausted', ({ server, maxConnections }) => {
    const now = performance.now();
    if (now - (saidExhausted.get(server) ?? -Infinity) < SAY_AGAIN_AFTER) return;
    saidExhausted.set(server, now);
    logger.warn(
      `All ${maxConnections} connections to server "${server}" are in use, and requests wait for one. If that is ` +
        'usual, raise maxConnections where the server has room; ConnectionPoolManager.stats() says who uses them.',
    );
  });

  events.on('long-lease', ({ server, database, held, stack }) => {
    logger.warn(
      `A connection of database "${database}" on server "${server}" is held for ${held} ms already. ` +
        (stack === undefined
          ? 'Where such leases are taken is noted from now on.'
          : `It was taken here:\n${stack}`),
    );
  });

  events.on('reserve-refused', ({ server, database, wanted, kept }) => {
    logger.warn(
      `Of the ${wanted} connections that tenants.share reserves for database "${database}" on server "${server}", ` +
        `${kept} are kept: one must stay for those without a reserve. Raise maxConnections, or reserve less.`,
    );
  });
}
