import { join } from 'node:path';
import type { Load, LoadResult } from '../load/load.js';
import { Child } from './child.js';

/** The load generator in a process of its own. */
export class LoadGenerator {
  private readonly child = Child.fork(join(__dirname, '../load/generator.js'));

  /** @throws Error when the app gave another answer than the request's own row */
  async run(load: Load): Promise<LoadResult> {
    const result = await this.child.ask<LoadResult>(load);
    if (result.wrong !== undefined) throw new Error(`A wrong answer:\n${result.wrong}`);
    return result;
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}
