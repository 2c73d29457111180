import { installNats, isDebianRoot } from './debian';
import { installedNats } from './installed-programs';

/**
 * The path of `nats-server`: the one that is on the PATH; else one installed now (Debian, as root).
 * @throws Error that says what to install
 */
export async function findNats(): Promise<string> {
  if (installedNats() === undefined && isDebianRoot()) await installNats();
  const program = installedNats();
  if (program !== undefined) return program;
  throw new Error(
    'There is no NATS server on this machine. Put nats-server on the PATH (apt-get install nats-server, brew install nats-server).',
  );
}
