import { RedisConnections } from './redis-connections.js';
import { Signals } from './signals.js';

/** This room, for the module that assembles the rooms. */
export const REDIS_PROVIDERS = [RedisConnections, Signals];
