import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNats } from './servers/find-nats.js';
import { findFreePort } from './servers/free-port.js';
import { Reaper } from './servers/reaper.js';
import { startProgram } from './servers/start-program.js';

export interface NatsServer {
  /** As clients take it: `nats://127.0.0.1:4222`. */
  readonly url: string;
  /** SIGKILL, and a new one at the same place. */
  restart(): Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

/** Starts a NATS server, installing it where there is none. It is gone when this process is. */
export async function startNats(): Promise<NatsServer> {
  const program = await findNats();
  const [host, port] = ['127.0.0.1', await findFreePort()];
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-nats-'));
  const reaper = Reaper.ofFolder(folder);
  const settings = ['--addr', host, '--port', String(port)];
  const start = async () => {
    const child = await startProgram(program, settings, READY);
    reaper.watch(child.pid);
    return child;
  };
  let child = await start();
  return {
    url: `nats://${host}:${port}`,
    restart: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      reaper.watch(undefined);
      child = await start();
    },
    stop: () => reaper.finish(),
  };
}

const READY = { on: 'stderr', says: 'Server is ready' } as const;
