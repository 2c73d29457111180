import type { INestApplication } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import {
  AbstractLogger,
  DataSource,
  EventSubscriber,
  type EntitySubscriberInterface,
} from 'typeorm';
import {
  byHeader,
  ConnectionPoolManager,
  Tenancy,
  TenantService,
  type TenancyModuleOptions,
} from '../../../lib/index.js';
import type { EngineSetup, TestEngine } from '../../support/engines.js';
import { ask } from '../../support/http.js';
import { CreateNotes1700000000001, Note } from '../../support/notes.js';
import { startTenancyApp, type TenancyApp } from '../../support/tenancy-app.js';
import { CreatePlans1700000000002, Plan, PlanSubscriber } from './plans.js';
import { startHttp } from './routes.js';

@EventSubscriber()
class NoteSubscriber implements EntitySubscriberInterface<Note> {
  listenTo = () => Note;
  beforeInsert({ entity }: { entity: Note }): void {
    entity.text += ' and seen';
  }
}

class Recorder extends AbstractLogger {
  readonly lines: string[] = [];
  constructor() {
    super('all');
  }
  protected override writeLog(_level: string, message: unknown): void {
    this.lines.push(JSON.stringify(message));
  }
}

/** What its options hand on: to TypeORM, and to SQLite's driver. */
class Heard {
  readonly centralLog = new Recorder();
  readonly tenantLog = new Recorder();
  readonly centralStatements: unknown[] = [];
  readonly tenantStatements: unknown[] = [];
}

/** An app with the tenant `acme` that has other options than the defaults, as far as one app can. */
export class AppOfEveryOption {
  readonly central: DataSource;
  readonly tenants: DataSource;
  readonly pools: ConnectionPoolManager;
  readonly tenancy: Tenancy;
  private readonly started: { close(): Promise<void> }[] = [];
  private strictApp?: Promise<TenancyApp>;

  static async start(engine: TestEngine): Promise<AppOfEveryOption> {
    const setup = await engine.prepare();
    const heard = new Heard();
    const nest = await startHttp(everyOption(engine, setup, heard));
    await nest.get(TenantService).create({ slug: 'acme' });
    return new AppOfEveryOption(engine, setup, heard, nest);
  }

  private constructor(
    readonly engine: TestEngine,
    readonly setup: EngineSetup,
    readonly heard: Heard,
    readonly nest: INestApplication,
  ) {
    this.central = nest.get(getDataSourceToken('hub'));
    this.tenants = nest.get(DataSource);
    this.pools = nest.get(ConnectionPoolManager);
    this.tenancy = nest.get(Tenancy);
    this.started.push(nest);
  }

  inAcme<T>(work: () => Promise<T>): Promise<T> {
    return this.tenancy.run('acme', work);
  }

  ask(path: string, host?: string) {
    return ask(this.nest, path, { host, headers: { 'x-tenant': 'acme' } });
  }

  /** Another app on the same databases that listens, until the end. */
  async otherHttp(options: TenancyModuleOptions): Promise<INestApplication> {
    const app = await startHttp(options);
    this.started.push(app);
    return app;
  }

  /** Another app, until the end. */
  async other(options: TenancyModuleOptions, setup = this.setup): Promise<TenancyApp> {
    const app = await startTenancyApp(setup, { options });
    this.started.push(app);
    return app;
  }

  /** One with limits that are reached at once; the same at each call. */
  strict(): Promise<TenancyApp> {
    this.strictApp ??= this.other({
      central: { maxConnections: 3, maxWaiting: 0 },
      tenants: {
        servers: {
          main: {
            url: this.setup.serverUrl,
            maxConnections: 3,
            maxConnectionsPerTenant: 2,
            maxWaiting: 0,
          },
        },
      },
      pool: { longLease: 23, drainTimeout: 24 },
    });
    return this.strictApp;
  }

  async close(): Promise<void> {
    await Promise.all(this.started.map((app) => app.close()));
    await this.setup.cleanUp();
  }
}

function everyOption(
  { name }: TestEngine,
  { centralUrl, serverUrl, databasePrefix }: EngineSetup,
  heard: Heard,
): TenancyModuleOptions {
  /** SQLite's driver tells each statement, mysql2 takes a time zone that the values show. */
  const connection = (statements: unknown[]) =>
    name === 'sqlite'
      ? { verbose: (statement: unknown) => statements.push(statement) }
      : { timezone: '+05:00' };
  return {
    central: {
      name: 'hub',
      url: centralUrl,
      maxConnections: 3,
      acquireTimeout: 61,
      entities: { Plan },
      subscribers: [PlanSubscriber],
      migrations: [CreatePlans1700000000002],
      connection: connection(heard.centralStatements),
      typeorm: { logger: heard.centralLog },
    },
    tenants: {
      servers: {
        main: {
          url: serverUrl,
          maxConnections: 2,
          acquireTimeout: 62,
          connection: connection(heard.tenantStatements),
        },
      },
      databasePrefix,
      entities: [Note],
      subscribers: { NoteSubscriber },
      migrations: { CreateNotes1700000000001 },
      seed: async (_tenant, dataSource) => {
        await dataSource.manager.save(Note, { text: 'seeded' });
      },
      typeorm: { logger: heard.tenantLog },
    },
    identify: [byHeader({ name: 'x-tenant', trusted: true })],
    http: { defaultRouteMode: 'universal', centralHosts: ['c.example'], exclude: ['/bare'] },
  };
}
