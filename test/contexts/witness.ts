import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { setImmediate as turn } from 'node:timers/promises';
import type { Seen } from './sense.js';
import { SENSES } from './senses/index.js';

/** What the handler of an entry point calls. It knows of tenants no more than an app's own code does. */
@Injectable()
export class Witness {
  constructor(private readonly app: ModuleRef) {}

  /** Whose is all that is under `key`. */
  async look(key: string): Promise<Seen> {
    const seen: Record<string, string> = {};
    for (const { name, look } of SENSES) {
      seen[name] = await look(this.app, key);
      // The others go on in between.
      await turn();
    }
    return seen;
  }

  /** Looks, and throws. */
  async fail(key: string): Promise<never> {
    await this.look(key);
    throw new Error(ON_PURPOSE);
  }
}

/** The message of what is thrown by {@link Witness.fail}. */
export const ON_PURPOSE = 'on purpose';
