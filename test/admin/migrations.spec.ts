import type { INestApplication } from '@nestjs/common';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { TenantMigrator, TenantService } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { SilentLogger } from '../support/silent-logger.js';
import { until } from '../support/until.js';
import { call, startAdminApp } from './admin-app.js';

class CreateProjects1700000000001 implements MigrationInterface {
  readonly name = 'CreateProjects1700000000001';
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE projects (id integer PRIMARY KEY)');
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE projects');
  }
}

/** Goes on when it is let. */
let mayGoOn: Promise<void>;
let goOn: () => void;
let fails = false;

class CreateTasks1700000000002 implements MigrationInterface {
  readonly name = 'CreateTasks1700000000002';
  async up(queryRunner: QueryRunner): Promise<void> {
    await mayGoOn;
    if (fails) throw new Error('the disk is full');
    await queryRunner.query('CREATE TABLE tasks (id integer PRIMARY KEY)');
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE tasks');
  }
}

describe.each(engines)('migrations over the admin API on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: INestApplication;
  const [acme, other, gone] = ['acme', 'other', 'gone'];

  const optionsWith = (migrations: (new () => MigrationInterface)[]) => ({
    tenants: {
      servers: { main: { url: setup.serverUrl } },
      databasePrefix: setup.databasePrefix,
      onPendingMigrations: 'serve' as const,
      migrations,
      typeorm: { logger: new SilentLogger() },
    },
  });

  beforeAll(async () => {
    setup = await prepare();
    const before = await startAdminApp(setup, {
      options: optionsWith([CreateProjects1700000000001]),
    });
    for (const slug of [acme, other, gone]) await before.get(TenantService).create({ slug: slug! });
    await before.get(TenantService).delete('gone', { confirm: 'gone' });
    await before.close();
    app = await startAdminApp(setup, {
      options: optionsWith([CreateProjects1700000000001, CreateTasks1700000000002]),
    });
  });
  afterAll(async () => {
    goOn();
    await app.close();
    await setup.cleanUp();
  });
  beforeEach(() => {
    ({ promise: mayGoOn, resolve: goOn } = withResolvers());
    fails = false;
  });

  const run = async (slug: string, body: object = {}) => {
    const begun = await call(app, `POST tenants/${slug}/migrations`, { body });
    expect(begun.status).toBe(202);
    const base = `http://x/admin/tenancy/tenants/${slug}/migrations`;
    const { pathname } = new URL(begun.headers.get('location')!, base);
    expect(pathname).toBe(`/admin/tenancy/operations/${begun.body.id}`);
    return pathname;
  };
  const ended = async (pathname: string) => {
    let body: { state: string; result: object | null; problem: object | null } | undefined;
    await until('the operation has ended', async () => {
      ({ body } = await call(app, `GET ${pathname}`));
      return body?.state !== 'running';
    });
    return body!;
  };

  it('are told of all tenants that have a database, in pages, and of one', async () => {
    const { body } = await call(app, 'GET migrations');
    expect(body.migrations).toEqual([
      'CreateCacheAndSessions1000000000002',
      'CreateProjects1700000000001',
      'CreateTasks1700000000002',
    ]);
    expect(body.centralPending).toEqual([]);
    const ofOther = {
      tenant: 'other',
      known: true,
      pending: ['CreateTasks1700000000002'],
      changed: [],
      unknown: [],
      version: 'CreateProjects1700000000001',
      halfWay: null,
      failure: null,
      milliseconds: expect.anything(),
      migratedAt: expect.stringMatching(/^20/),
    };
    expect(body.items).toEqual([{ ...ofOther, tenant: 'acme' }, ofOther]);
    const first = await call(app, 'GET migrations?limit=1');
    expect(first.body.items).toHaveLength(1);
    const second = await call(app, `GET migrations?limit=1&cursor=${first.body.next}`);
    expect(second.body.items).toEqual([ofOther]);
    expect(second.body.next).toBeUndefined();
    expect((await call(app, 'GET tenants/other/migrations')).body).toEqual(ofOther);
    expect(await call(app, 'GET tenants/gone/migrations')).toMatchObject({
      status: 409,
      body: { code: 'TENANT_TRANSITION_REFUSED' },
    });
    expect((await call(app, 'POST tenants/gone/migrations')).status).toBe(409);
    expect((await call(app, 'GET migrations?cursor=x')).body.code).toBe('CURSOR_INVALID');
  });

  it('are run for one tenant, after the answer that says where to look', async () => {
    const operation = await run('acme');
    expect((await call(app, `GET ${operation}`)).body).toMatchObject({
      action: 'migrations.run',
      state: 'running',
      result: null,
      problem: null,
      endedAt: null,
    });
    goOn();
    expect(await ended(operation)).toMatchObject({
      state: 'succeeded',
      result: { central: [], migrated: true, milliseconds: expect.any(Number) },
      problem: null,
      endedAt: expect.stringMatching(/^20/),
    });
    expect((await call(app, 'GET tenants/acme/migrations')).body.pending).toEqual([]);
    expect((await call(app, 'GET tenants/other/migrations')).body.pending).toHaveLength(1);
    expect(await ended(await run('acme'))).toMatchObject({ result: { migrated: false } });
  });

  it('that fail say why', async () => {
    goOn();
    fails = true;
    expect(await ended(await run('other'))).toMatchObject({
      state: 'failed',
      result: null,
      problem: {
        status: 500,
        code: 'TENANT_MIGRATION_FAILED',
        detail: expect.stringContaining('the disk is full'),
      },
    });
    const { body } = await call(app, 'GET tenants/other/migrations');
    expect(body.failure).toContain('the disk is full');
  });

  it('of two runs at once are run once', async () => {
    const operations = [await run('other'), await run('other')];
    goOn();
    const results = await Promise.all(operations.map(ended));
    expect(results.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
    const migrated = results.map(({ result }) => result);
    expect(migrated).toContainEqual(expect.objectContaining({ migrated: true }));
    expect(migrated).toContainEqual(expect.objectContaining({ migrated: false }));
  });

  it('let an app that is told to stop end what runs', async () => {
    const second = await startAdminApp(setup, {
      options: optionsWith([CreateProjects1700000000001, CreateTasks1700000000002]),
    });
    goOn();
    await second.get(TenantService).create({ slug: 'stopped' });
    await second.get(TenantMigrator).rollback({ only: ['stopped'] });
    ({ promise: mayGoOn, resolve: goOn } = withResolvers());
    const { body } = await call(second, 'POST tenants/stopped/migrations', { body: {} });
    const closing = second.close();
    goOn();
    await closing;
    expect((await call(app, `GET operations/${body.id}`)).body.state).toBe('succeeded');
  });

  it('an operation that is none is not found', async () => {
    expect(await call(app, 'GET operations/none')).toMatchObject({
      status: 404,
      body: { code: 'OPERATION_NOT_FOUND' },
    });
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
