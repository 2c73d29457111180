import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedis } from './servers/find-redis.js';
import { findFreePort } from './servers/free-port.js';
import { Reaper } from './servers/reaper.js';

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
    const child = await startServer(program, settings);
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

async function startServer(program: string, settings: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  let log = '';
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += String(chunk);
    if (log.includes('Ready to accept connections')) break;
  }
  if (child.exitCode !== null) throw new Error(`redis-server ended while it started:\n${log}`);
  child.stdout.resume();
  return child;
}
