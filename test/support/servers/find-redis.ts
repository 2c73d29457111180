import { installRedis, isDebianRoot } from './debian';
import { installedRedis } from './installed-programs';

/**
 * The path of `redis-server`: the one that is on the PATH; else one installed now (Debian, as root).
 * @throws Error that says what to install
 */
export async function findRedis(): Promise<string> {
  if (installedRedis() === undefined && isDebianRoot()) await installRedis();
  const program = installedRedis();
  if (program !== undefined) return program;
  throw new Error(
    'There is no Redis server on this machine. Put redis-server on the PATH (apt-get install redis-server, brew install redis).',
  );
}
