import { join } from 'node:path';
import type { PoolAppQuestion, PoolAppReport } from '../app/pool-server.js';
import type { PoolAppSettings } from '../app/pool-settings.js';
import { Child } from '../harness/child.js';

/** An app server whose pool is looked at, in a process of its own. */
export class PoolApp {
  private constructor(
    private readonly child: Child,
    readonly port: number,
  ) {}

  static async start(settings: PoolAppSettings): Promise<PoolApp> {
    const child = Child.fork(join(__dirname, '../app/pool-server.js'));
    const { port } = await child.ask<{ port: number }>(settings);
    return new PoolApp(child, port);
  }

  report(collectGarbage = false): Promise<PoolAppReport> {
    return this.child.ask<PoolAppReport>({ collectGarbage } satisfies PoolAppQuestion);
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}
