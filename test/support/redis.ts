import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedis } from './servers/find-redis.js';
import { findFreePort } from './servers/free-port.js';
import { Reaper } from './servers/reaper.js';
import { startProgram } from './servers/start-program.js';

export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** SIGKILL: all that it held is gone. */
  kill(): Promise<void>;
  /** Starts a killed one again, empty. */
  restart(): Promise<void>;
  /** It keeps its connections, and answers nothing until {@link thaw}. */
  freeze(): void;
  thaw(): void;
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

/** Starts a Redis server that keeps nothing on disk, installing it where there is none. It is gone when this process is. */
export async function startRedis(...more: string[]): Promise<RedisServer> {
  const program = await findRedis();
  const [host, port] = ['127.0.0.1', await findFreePort()];
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-redis-'));
  const reaper = Reaper.ofFolder(folder);
  const settings = ['--bind', host, '--port', String(port), '--save', '', '--dir', folder, ...more];
  const start = async () => {
    const child = await startProgram(program, settings, READY);
    reaper.watch(child.pid);
    return child;
  };
  let child = await start();
  return {
    host,
    port,
    url: `redis://${host}:${port}`,
    kill: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      reaper.watch(undefined);
    },
    restart: async () => {
      child = await start();
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => reaper.finish(),
  };
}

const READY = { on: 'stdout', says: 'Ready to accept connections' } as const;
