/**
 * Clients that make tenants, use them, take them through every status and delete them, over and over: a process of its
 * own. The first message is the app's port; each one after that is answered with how far they are. Every answer is
 * compared with the one that is expected, and the first that differs ends the process.
 */
import { KeepAliveConnection } from '../../bench/load/keep-alive-connection.js';

/** How far the clients are. */
export interface ChurnProgress {
  /** Tenants that were created and deleted. */
  readonly lives: number;
  readonly requests: number;
}

const LANES = 4;
/** Requests to a tenant while it is active, each time. */
const USES = 5;

let lives = 0;
let requests = 0;
let next = 0;

async function lane(port: number): Promise<void> {
  const connection = await KeepAliveConnection.open(port);
  for (;;) {
    await live(connection, `c${next++}`);
    lives += 1;
  }
}

/** The life of one tenant. */
async function live(connection: KeepAliveConnection, slug: string): Promise<void> {
  await manage('POST', '', '"active"');
  for (let use = 0; use < USES; use++) await isServed();
  await manage('POST', '/suspend', '"suspended"');
  await isRefused('403');
  await manage('POST', '/activate', '"active"');
  await isServed();
  await manage('POST', '/block', '"blocked"');
  await isRefused('403');
  await manage('POST', '/activate', '"active"');
  await isServed();
  await manage('DELETE', '', '"deleted"');
  await isRefused('404');

  async function manage(method: string, step: string, status: string): Promise<void> {
    await expectAnswer(`${method} /tenants/${slug}${step}`, 'localhost', `"status":${status}`);
  }

  async function isServed(): Promise<void> {
    await expectAnswer('GET /projects/1', `${slug}.localhost`, `"name":"${slug}"`);
  }

  async function isRefused(status: string): Promise<void> {
    await expectAnswer('GET /projects/1', `${slug}.localhost`, `HTTP/1.1 ${status}`);
  }

  async function expectAnswer(line: string, host: string, expected: string): Promise<void> {
    const text = `${line} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
    const response = await connection.send(text);
    requests += 1;
    if (!response.includes(expected)) {
      throw new Error(`${text}expected ${expected}, got\n${response}`);
    }
  }
}

process.once('message', ({ port }: { readonly port: number }) => {
  for (let index = 0; index < LANES; index++) void lane(port);
  process.on('message', () => process.send?.({ lives, requests } satisfies ChurnProgress));
  process.send?.({ lives, requests } satisfies ChurnProgress);
});
process.once('disconnect', () => process.exit());
