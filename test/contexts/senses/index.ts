import type { Sense } from '../sense.js';
import { cache } from './cache.js';
import { database } from './database.js';
import { log } from './log.js';
import { storage } from './storage.js';

/** All of them are looked at in every unit of work of every entry point. */
export const SENSES: readonly Sense[] = [database, cache, storage, log];
