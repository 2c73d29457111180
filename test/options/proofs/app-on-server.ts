import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { ReplicaOptions, ServerOptions, TenancyModuleOptions } from '../../../lib/index.js';
import type { EngineSetup, TestEngine } from '../../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../../support/tenancy-app.js';

const KEY = randomBytes(32).toString('base64');

interface Other {
  readonly main?: Partial<ServerOptions>;
  readonly replica?: Partial<ReplicaOptions>;
  readonly tenants?: TenancyModuleOptions['tenants'];
  readonly central?: TenancyModuleOptions['central'];
  readonly pool?: TenancyModuleOptions['pool'];
}

/**
 * An app with the tenant `acme` that has those options which SQLite has not. Its account may do nothing but log in. Its
 * replica is the server itself, by another address.
 */
export class AppOnServer {
  private readonly id = randomBytes(4).toString('hex');
  private readonly started: TenancyApp[] = [];

  static async start({ prepare }: TestEngine): Promise<AppOnServer> {
    const app = new AppOnServer(await prepare());
    await app.admin(`CREATE USER ${app.user}@'%' IDENTIFIED BY '${app.password}'`);
    await app.admin(`CREATE USER ${app.maker}@'%' IDENTIFIED BY '${app.password}'`);
    await app.admin(`GRANT ALL ON *.* TO ${app.maker}@'%' WITH GRANT OPTION`);
    const { tenants } = await app.start();
    await tenants.create({ slug: 'acme' });
    return app;
  }

  private constructor(private readonly setup: EngineSetup) {}

  /** Another app on the same databases, until the end. */
  async start({ main, replica, tenants, central, pool }: Other = {}): Promise<TenancyApp> {
    const { url, replicaUrl, maker, password } = this;
    const app = await startTenancyApp(this.setup, {
      options: {
        central,
        tenants: {
          servers: {
            main: {
              url,
              maxConnections: 4,
              replicas: [{ url: replicaUrl, ...REPLICA, ...replica }],
              readFromReplicas: true,
              provisioning: { user: maker, password },
              ...main,
            },
          },
          credentials: 'per-tenant',
          credentialKeys: [KEY],
          ...tenants,
        },
        pool,
      },
    });
    this.started.push(app);
    return app;
  }

  /** The first one. */
  get app(): TenancyApp {
    return this.started[0]!;
  }

  /** The first one's DataSource, which follows the context. */
  get tenants(): DataSource {
    return this.app.context.get(DataSource);
  }

  inAcme<T>(work: () => Promise<T>): Promise<T> {
    return this.app.tenancy.run('acme', work);
  }

  /** How many leases of the first one its server and its replica have given. */
  leases(): { server: number; replica: number } {
    const [server, replica] = this.app.pools
      .stats()
      .servers.map(({ reused, turned, opened }) => reused + turned + opened);
    return { server: server!, replica: replica! };
  }

  /** Who creates databases and accounts. */
  get maker(): string {
    return `maker_${this.id}`;
  }

  async close(): Promise<void> {
    await this.app.tenants.delete('acme', { confirm: 'acme', dropDatabase: true });
    await Promise.all(this.started.map((app) => app.close()));
    await this.admin(`DROP USER ${this.user}@'%', ${this.maker}@'%'`);
    await this.setup.cleanUp();
  }

  private get user(): string {
    return `app_${this.id}`;
  }

  private get password(): string {
    return `of-the-app-${this.id}`;
  }

  private get url(): string {
    return this.setup.serverUrl.replace(/\/\/.*@/, `//${this.user}:${this.password}@`);
  }

  get replicaUrl(): string {
    return this.url.replace('127.0.0.1', 'localhost');
  }

  private admin(sql: string): Promise<unknown> {
    return this.setup.admin!(sql);
  }
}

const REPLICA = {
  maxConnections: 1,
  acquireTimeout: 66,
  maxWaiting: 1,
  idleTimeout: 25,
  connection: { timezone: '+05:00' },
};
