import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** The default, which these proofs are to stay below. */
const CONNECT_TIMEOUT = 3_000;

/**
 * Takes connections and never says a word.
 * @param meet is given its host and port, and must give up on it before the default would
 */
export async function meetSilentServer(meet: (address: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const start = performance.now();
  try {
    await meet(`127.0.0.1:${port}`);
    expect(performance.now() - start).toBeLessThan(CONNECT_TIMEOUT);
    expect(sockets.size).toBeGreaterThan(0);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
