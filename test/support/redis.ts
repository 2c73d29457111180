import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './servers/free-port.js';
import { Reaper } from './servers/reaper.js';

export interface RedisServer {
  readonly host: string;
  readonly port: number;
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

/** Starts a Redis server that keeps nothing on disk. It is gone when this process is. Needs `redis-server` (Debian's package). */
export async function startRedis(): Promise<RedisServer> {
  const [host, port] = ['127.0.0.1', await findFreePort()];
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-redis-'));
  const reaper = Reaper.ofFolder(folder);
  const settings = ['--bind', host, '--port', String(port), '--save', '', '--dir', folder];
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  reaper.watch(child.pid);
  let log = '';
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += String(chunk);
    if (log.includes('Ready to accept connections')) break;
  }
  if (child.exitCode !== null) throw new Error(`redis-server ended while it started:\n${log}`);
  child.stdout.resume();
  return { host, port, stop: () => reaper.finish() };
}
