import { setTimeout as delay } from 'node:timers/promises';
import type { RunningServer } from '../../test/support/servers/index.js';
import {
  mostConnections,
  openConnections,
  resetMostConnections,
} from '../harness/server-status.js';

const INTERVAL = 50;

/** The connections that a server had, without the one that asks. */
export interface ConnectionCounts {
  /** How often the server was asked. */
  readonly samples: number;
  /** The most that was answered. */
  readonly most: number;
  /** The most by the server's own count, which misses nothing between two samples. */
  readonly peak: number;
}

/** Asks a server every 50 ms how many connections it has open (`Threads_connected`), until `until` is there. */
export async function sampleConnections(
  server: RunningServer,
  until: Promise<unknown>,
): Promise<ConnectionCounts> {
  await resetMostConnections(server);
  const counts: number[] = [];
  const ended = until.then(() => 'ended' as const);
  do counts.push(await openConnections(server));
  while ((await Promise.race([ended, delay(INTERVAL)])) !== 'ended');
  return {
    samples: counts.length,
    most: Math.max(...counts),
    peak: await mostConnections(server),
  };
}
