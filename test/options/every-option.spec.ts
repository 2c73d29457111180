import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { getDataSourceToken } from '@nestjs/typeorm';
import { getMetadataStorage } from 'class-validator';
import {
  AbstractLogger,
  Column,
  DataSource,
  Entity,
  EventSubscriber,
  PrimaryColumn,
  type EntitySubscriberInterface,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import {
  byHeader,
  CentralOptions,
  ConnectionPoolManager,
  HttpOptions,
  RegistryOptions,
  ServerOptions,
  Tenancy,
  TenancyModule,
  TenancyOptions,
  TenantsOptions,
  TenantService,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { optionsOn, startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';

// Every option that is declared changes something that an app's developer would notice. One that nobody reads, or that
// has no proof here, fails.

const SECTIONS = {
  'central.': CentralOptions,
  'tenants.': TenantsOptions,
  'tenants.servers.main.': ServerOptions,
  'http.': HttpOptions,
  'registry.': RegistryOptions,
};

/** `identify`, `central.url`, … */
function declaredOptions(): string[] {
  const keysOf = (section: new () => object) =>
    new Set(
      getMetadataStorage()
        .getTargetValidationMetadatas(section, '', false, false)
        .map(({ propertyName }) => propertyName),
    );
  const sections = Object.entries(SECTIONS);
  const inSections = sections.flatMap(([path, section]) =>
    [...keysOf(section)].map((key) => path + key),
  );
  const isSection = (path: string) => sections.some(([section]) => section === `${path}.`);
  return [...keysOf(TenancyOptions), ...inSections].filter((path) => !isSection(path)).toSorted();
}

@Entity('plans')
class Plan {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'varchar', length: 36, nullable: true })
  seen!: string | null;
}

class CreatePlans1700000000002 implements MigrationInterface {
  readonly name = 'CreatePlans1700000000002';
  up = (queryRunner: QueryRunner) =>
    queryRunner.query('CREATE TABLE plans (id varchar(36) PRIMARY KEY, seen varchar(36))');
  down = (queryRunner: QueryRunner) => queryRunner.query('DROP TABLE plans');
}

@EventSubscriber()
class PlanSubscriber implements EntitySubscriberInterface<Plan> {
  listenTo = () => Plan;
  beforeInsert({ entity }: { entity: Plan }): void {
    entity.seen = 'by the subscriber';
  }
}

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

@Controller()
class Routes {
  constructor(private readonly tenancy: Tenancy) {}

  @Get('who')
  who() {
    return { slug: this.tenancy.current?.slug ?? null };
  }

  @Get('bare')
  bare() {
    return this.who();
  }
}

@Module({ controllers: [Routes] })
class AppModule {}

describe.each(engines.slice(0, 1))('every option has its effect', ({ name, prepare }) => {
  const centralLog = new Recorder();
  const tenantLog = new Recorder();
  const centralStatements: unknown[] = [];
  const tenantStatements: unknown[] = [];
  let setup: EngineSetup;
  let app: INestApplication;
  let central: DataSource;
  let tenants: DataSource;
  let pools: ConnectionPoolManager;
  let tenancy: Tenancy;

  /** What the driver is given: SQLite's tells each statement, mysql2 takes flags that the server shows. */
  const connection = (statements: unknown[]) =>
    name === 'sqlite'
      ? { verbose: (statement: unknown) => statements.push(statement) }
      : { timezone: '+05:00' };

  const opened: { close(): Promise<void> }[] = [];
  const start = async (options: TenancyModuleOptions): Promise<INestApplication> => {
    const started = await NestFactory.create(
      { module: AppModule, imports: [TenancyModule.forRoot(options)], controllers: [Routes] },
      new FastifyAdapter(),
      { logger: false, abortOnError: false },
    );
    opened.push(started);
    await started.listen(0, '127.0.0.1');
    return started;
  };

  beforeAll(async () => {
    setup = await prepare();
    app = await start({
      central: {
        name: 'hub',
        url: setup.centralUrl,
        maxConnections: 3,
        acquireTimeout: 61,
        entities: { Plan },
        subscribers: [PlanSubscriber],
        migrations: [CreatePlans1700000000002],
        connection: connection(centralStatements),
        typeorm: { logger: centralLog },
      },
      tenants: {
        servers: {
          main: {
            url: setup.serverUrl,
            maxConnections: 2,
            acquireTimeout: 62,
            connection: connection(tenantStatements),
          },
        },
        databasePrefix: setup.databasePrefix,
        entities: [Note],
        subscribers: { NoteSubscriber },
        migrations: { CreateNotes1700000000001 },
        seed: async (_tenant, dataSource) => {
          await dataSource.manager.save(Note, { text: 'seeded' });
        },
        typeorm: { logger: tenantLog },
      },
      identify: [byHeader({ name: 'x-tenant', trusted: true })],
      http: { defaultRouteMode: 'universal', centralHosts: ['c.example'], exclude: ['/bare'] },
    });
    central = app.get(getDataSourceToken('hub'));
    tenants = app.get(DataSource);
    pools = app.get(ConnectionPoolManager);
    tenancy = app.get(Tenancy);
    await app.get(TenantService).create({ slug: 'acme' });
  });
  afterAll(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await setup.cleanUp();
  });

  const inAcme = <T>(work: () => Promise<T>) => tenancy.run('acme', work);
  const who = async (path: string, host?: string) =>
    (await ask(app, path, { host, headers: { 'x-tenant': 'acme' } })).body;

  /** Takes connections until there are no more: how many there were, and how the next one fails. */
  async function exhaust(dataSource: DataSource): Promise<{ taken: number; failure: unknown }> {
    const taken: QueryRunner[] = [];
    try {
      for (;;) {
        const queryRunner = dataSource.createQueryRunner();
        await queryRunner.connect();
        taken.push(queryRunner);
      }
    } catch (failure) {
      return { taken: taken.length, failure };
    } finally {
      await Promise.all(taken.map((queryRunner) => queryRunner.release()));
    }
  }

  /** An app that differs in what it remembers of tenants, and how often it asks the central database. */
  async function remembering(
    registry: RegistryOptions,
    prove: (other: TenancyApp, asked: () => number) => Promise<void>,
  ): Promise<void> {
    const other = await startTenancyApp(setup, { options: { registry } });
    opened.push(other);
    await prove(other, () => {
      const { reused, turned, opened: fresh } = other.pools.stats().central;
      return reused + turned + fresh;
    });
  }

  const PROOFS: Record<string, () => Promise<void>> = {
    async 'central.name'() {
      expect(central).toBeInstanceOf(DataSource);
    },
    async 'central.url'() {
      expect(pools.centralPlacement.database).toMatch(/^central/);
    },
    async 'central.maxConnections'() {
      expect(await exhaust(central)).toMatchObject({ taken: 3 });
    },
    async 'central.acquireTimeout'() {
      expect(await exhaust(central)).toMatchObject({
        failure: { message: expect.stringContaining('within 61 ms') },
      });
    },
    async 'central.entities'() {
      expect(central.hasMetadata(Plan)).toBe(true);
      expect(tenants.hasMetadata(Plan)).toBe(false);
    },
    async 'central.subscribers'() {
      expect(await central.manager.save(Plan, { id: '1' })).toMatchObject({
        seen: 'by the subscriber',
      });
    },
    async 'central.migrations'() {
      expect(await central.query('SELECT name FROM migrations ORDER BY id')).toContainEqual({
        name: 'CreatePlans1700000000002',
      });
    },
    async 'central.migrate'() {
      const empty = await prepare();
      const other = await startTenancyApp(empty, { options: { central: { migrate: false } } });
      await expect(other.tenants.list()).rejects.toThrow(/tenancy_tenants/);
      await other.close();
      await empty.cleanUp();
    },
    async 'central.connection'() {
      await expectConnectionOption(central, centralStatements);
    },
    async 'central.typeorm'() {
      await central.query('SELECT 1 AS central_log');
      expect(centralLog.lines.join()).toContain('central_log');
    },
    async 'tenants.servers'() {
      expect(pools.serverNames).toEqual(['main']);
    },
    async 'tenants.servers.main.url'() {
      expect(await databasesOf(setup).names()).toEqual([`${setup.databasePrefix}acme`]);
    },
    async 'tenants.servers.main.maxConnections'() {
      expect(await inAcme(() => exhaust(tenants))).toMatchObject({ taken: 2 });
    },
    async 'tenants.servers.main.acquireTimeout'() {
      expect(await inAcme(() => exhaust(tenants))).toMatchObject({
        failure: { message: expect.stringContaining('within 62 ms') },
      });
    },
    async 'tenants.servers.main.connection'() {
      await inAcme(() => expectConnectionOption(tenants, tenantStatements));
    },
    async 'tenants.databasePrefix'() {
      const databasePrefix = `${setup.databasePrefix}other_`;
      const other = await startTenancyApp(setup, { options: { tenants: { databasePrefix } } });
      const { placement } = await other.tenants.create({ slug: 'prefixed' });
      expect(placement.database).toBe(`${databasePrefix}prefixed`);
      await other.tenants.delete('prefixed', { confirm: 'prefixed', dropDatabase: true });
      await other.close();
    },
    async 'tenants.entities'() {
      expect(tenants.hasMetadata(Note)).toBe(true);
      expect(central.hasMetadata(Note)).toBe(false);
    },
    async 'tenants.subscribers'() {
      const saved = await inAcme(() => tenants.manager.save(Note, { text: 'saved' }));
      expect(saved.text).toBe('saved and seen');
    },
    async 'tenants.migrations'() {
      const found = await inAcme(() =>
        tenants.manager.existsBy(Note, { text: 'migrated and seen' }),
      );
      expect(found).toBe(true);
    },
    async 'tenants.seed'() {
      const found = await inAcme(() => tenants.manager.existsBy(Note, { text: 'seeded and seen' }));
      expect(found).toBe(true);
    },
    async 'tenants.typeorm'() {
      await inAcme(() => tenants.query('SELECT 1 AS tenant_log'));
      expect(tenantLog.lines.join()).toContain('tenant_log');
    },
    async identify() {
      expect(await who('/who')).toEqual({ slug: 'acme' });
      expect((await ask(app, '/who', { host: 'acme.localhost' })).body).toEqual({ slug: null });
    },
    async 'http.defaultRouteMode'() {
      expect((await ask(app, '/who')).status).toBe(200);
      const strict = await start(optionsOn(setup, { http: { defaultRouteMode: 'tenant' } }));
      expect((await ask(strict, '/who')).status).toBe(404);
    },
    async 'http.centralHosts'() {
      expect(await who('/who', 'c.example')).toEqual({ slug: null });
      expect(await who('/who', 'd.example')).toEqual({ slug: 'acme' });
    },
    async 'http.exclude'() {
      expect(await who('/bare')).toEqual({ slug: null });
    },
    async 'http.mount'() {
      const unmounted = await start(optionsOn(setup, { http: { mount: false } }));
      expect(await ask(unmounted, '/who', { host: 'acme.localhost' })).toMatchObject({
        status: 200,
        body: { slug: null },
      });
    },
    'registry.maxTenants': () =>
      remembering({ maxTenants: 1 }, async ({ registry, tenants: service }, asked) => {
        await service.create({ slug: 'other' });
        for (const slug of ['acme', 'other']) await registry.byReference(slug);
        const before = asked();
        await registry.byReference('other');
        expect(asked()).toBe(before);
        await registry.byReference('acme');
        expect(asked()).toBe(before + 1);
        await service.delete('other', { confirm: 'other', dropDatabase: true });
      }),
    'registry.ttl': () =>
      remembering({ ttl: 20 }, async ({ registry }, asked) => {
        await registry.byReference('acme');
        const before = asked();
        await until('it is read again', async () => {
          await registry.byReference('acme');
          return asked() > before;
        });
      }),
    'registry.maxUnknown': () =>
      remembering({ maxUnknown: 1 }, async ({ registry }, asked) => {
        const lookup = (value: string) => registry.lookup({ kind: 'slug', value });
        for (const slug of ['one', 'two']) expect(await lookup(slug)).toBeNull();
        const before = asked();
        expect(lookup('two')).toBeNull();
        expect(await lookup('one')).toBeNull();
        expect(asked()).toBe(before + 1);
      }),
    'registry.unknownTtl': () =>
      remembering({ unknownTtl: 20 }, async ({ registry }, asked) => {
        const lookup = () => registry.lookup({ kind: 'slug', value: 'nobody' });
        await lookup();
        const before = asked();
        await until('it is asked for again', async () => {
          await lookup();
          return asked() > before;
        });
      }),
  };

  async function expectConnectionOption(
    dataSource: DataSource,
    statements: readonly unknown[],
  ): Promise<void> {
    if (name === 'sqlite') {
      await dataSource.query('SELECT 1 AS told_by_the_driver');
      expect(statements.join()).toContain('told_by_the_driver');
      return;
    }
    const [row] = await dataSource.query("SELECT TIMESTAMP('2026-01-01 05:00:00') AS at");
    expect(row.at).toEqual(new Date('2026-01-01T00:00:00Z'));
  }

  it('each declared option has a proof, and nothing else has one', () => {
    expect(Object.keys(PROOFS).toSorted()).toEqual(declaredOptions());
  });

  it.each(declaredOptions())('%s', async (path) => {
    await expect(PROOFS[path]()).resolves.toBeUndefined();
  });
});
