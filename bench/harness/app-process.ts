import { join } from 'node:path';
import type { AppReport } from '../app/server.js';
import type { AppSettings } from '../app/settings.js';
import { Child } from './child.js';

/** An app server in a process of its own. */
export class AppProcess {
  private constructor(
    private readonly child: Child,
    readonly port: number,
    /** An API key for each tenant, where requests have to show one. */
    readonly keys?: readonly string[],
  ) {}

  /** @param node the node binary to run it with; default the one that runs this */
  static async start(settings: AppSettings, node?: string): Promise<AppProcess> {
    const child = Child.fork(join(__dirname, '../app/server.js'), node);
    type Started = Pick<AppProcess, 'port' | 'keys'>;
    const { port, keys } = await child.ask<Started>(settings);
    return new AppProcess(child, port, keys);
  }

  report(): Promise<AppReport> {
    return this.child.ask<AppReport>({});
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}
