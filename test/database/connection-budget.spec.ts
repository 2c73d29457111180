import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions, TenancyModuleOptions } from '../../lib/index.js';
import { describeServers } from '../support/describe-servers.js';
import { startServer, type RunningServer } from '../support/servers/index.js';
import { startTenancyApp } from '../support/tenancy-app.js';

/** What the server allows in these tests, and one of its accounts. */
const MAX_CONNECTIONS = 30;
const MAX_USER_CONNECTIONS = 12;

describeServers('the connections that %s allows', (kind) => {
  let folder: string;
  let server: RunningServer;
  let other: RunningServer;
  let limitedUrl: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-'));
    [server, other] = await Promise.all([
      startServer(kind, { maxConnections: MAX_CONNECTIONS }),
      startServer(kind),
    ]);
    await server.query('CREATE DATABASE central');
    await server.query(
      `CREATE USER limited@'%' IDENTIFIED BY 'secret' WITH MAX_USER_CONNECTIONS ${MAX_USER_CONNECTIONS}`,
    );
    await server.query("GRANT ALL ON central.* TO limited@'%'");
    limitedUrl = server.url.replace(/\/\/.*@/, '//limited:secret@');
  }, 60_000);
  afterAll(async () => {
    await Promise.all([server?.stop(), other?.stop()]);
    await rm(folder, { recursive: true });
  });

  interface Given {
    /** Default: a SQLite file. */
    readonly central?: TenancyModuleOptions['central'];
    readonly main?: Partial<ServerOptions>;
    readonly processes?: number;
  }

  /** Whether an app starts: with what it is refused, else nothing. */
  async function startOf({ central, main, processes }: Given): Promise<unknown> {
    const setup = {
      centralUrl: `sqlite:${join(folder, 'central.sqlite')}`,
      serverUrl: server.url,
      databasePrefix: 'tenant_',
      cleanUp: async () => {},
    };
    const options = {
      central,
      tenants: { servers: { main: { url: server.url, ...main } } },
      pool: { processes },
    };
    try {
      const app = await startTenancyApp(setup, { options });
      await app.close();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  const refusal = (...parts: readonly string[]) => ({
    code: 'CONNECTION_BUDGET_EXCEEDED',
    message: expect.stringMatching(
      new RegExp(parts.map((part) => part.replaceAll(/[()+.]/g, '\\$&')).join('.*')),
    ),
  });

  it('are enough for as many as an app may open, and one to ask whether the server lives', async () => {
    expect(await startOf({ main: { maxConnections: MAX_CONNECTIONS - 1 } })).toBeUndefined();
    expect(await startOf({ main: { maxConnections: MAX_CONNECTIONS } })).toMatchObject(
      refusal(
        `127.0.0.1:${new URL(server.url).port} allows 30 connections (max_connections)`,
        '1 process(es)',
        '(31 for "main") make 31;',
        'Let each process have 30 at most',
      ),
    );
  });

  it('are for all processes together', async () => {
    const main = { maxConnections: 9 };
    expect(await startOf({ main, processes: 3 })).toBeUndefined();
    expect(await startOf({ main, processes: 4 })).toMatchObject(
      refusal('but 4 process(es) (pool.processes) times (10 for "main") make 40', '7 at most'),
    );
  });

  it('are for the central database and the tenants together where both are on one server', async () => {
    const central = { url: `${server.url}/central`, maxConnections: 5 };
    expect(await startOf({ central, main: { maxConnections: 23 } })).toBeUndefined();
    expect(await startOf({ central, main: { maxConnections: 24 } })).toMatchObject(
      refusal('(6 for "central" + 25 for "main") make 31'),
    );
  });

  it('are fewer for an account that is limited', async () => {
    const limited = (maxConnections: number) => ({ main: { url: limitedUrl, maxConnections } });
    expect(await startOf(limited(MAX_USER_CONNECTIONS - 1))).toBeUndefined();
    expect(await startOf(limited(MAX_USER_CONNECTIONS))).toMatchObject(
      refusal(
        'Account "limited" on 127.0.0.1:',
        'allows 12 connections (MAX_USER_CONNECTIONS)',
        'make 13',
        'raise MAX_USER_CONNECTIONS',
      ),
    );
  });

  it('of an account are not those of another on the same server', async () => {
    const central = { url: `${limitedUrl}/central`, maxConnections: MAX_USER_CONNECTIONS - 1 };
    expect(await startOf({ central, main: { maxConnections: 12 } })).toBeUndefined();
  });

  it('are those of the account of the URL, whoever creates databases', async () => {
    const { password } = new URL(server.url);
    const provisioning = { user: 'root', password };
    const main = { url: limitedUrl, maxConnections: MAX_USER_CONNECTIONS, provisioning };
    expect(await startOf({ main })).toMatchObject(refusal('Account "limited"', 'make 13'));
  });

  it('of a replica are asked for, too', async () => {
    const { url } = other;
    const main = { url, maxConnections: 1 };
    const replica = { url: server.url, maxConnections: MAX_CONNECTIONS };
    expect(await startOf({ main: { ...main, replicas: [replica] } })).toMatchObject(
      refusal('allows 30 connections', '(31 for "main/replica-1") make 31'),
    );
  });
});
