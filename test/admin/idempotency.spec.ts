import type { INestApplication } from '@nestjs/common';
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { CENTRAL, TenantService } from '../../lib/index.js';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OperationStore } from '../../lib/admin/operations/operation-store.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { PendingTenants } from '../../lib/tenant/pending-tenants.js';
import { call, startAdminApp, type Answer } from './admin-app.js';
import type { Order, Word } from './child.js';

const HELD_FOR = 30_000;

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/admin/child.ts');
});
afterAll(() => program.dispose());

describe.each(engines)('Idempotency-Key on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: INestApplication;
  let seedFails = false;
  beforeAll(async () => {
    setup = await prepare();
    app = await startAdminApp(setup, {
      options: {
        tenants: {
          servers: { main: { url: setup.serverUrl } },
          databasePrefix: setup.databasePrefix,
          seed: async () => {
            if (seedFails) throw new Error('the seed is not there');
          },
          pending: 1,
        },
      },
    });
    // Only the test that is about them has some.
    app.get(PendingTenants, { strict: false }).stop();
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });
  afterEach(() => jest.restoreAllMocks());

  const create = (
    slug: string,
    key: string,
    { at = app, ...rest }: { at?: INestApplication | string; token?: string; more?: object } = {},
  ): Promise<Answer> =>
    call(at, 'POST tenants', {
      token: rest.token,
      body: { slug, ...rest.more },
      headers: { 'idempotency-key': key },
    });
  const amountOf = async (prefix: string) => {
    const { tenants } = await app.get(TenantService).list({ limit: 500 });
    return tenants.filter(({ slug }) => slug.startsWith(prefix)).length;
  };
  /** From now on it is so many milliseconds later. */
  const later = (milliseconds: number) => {
    const now = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => now() + milliseconds);
  };
  const startChild = async (holdAt?: Order['holdAt']): Promise<[ChildProcess, string]> => {
    const child = program.start();
    const { centralUrl, serverUrl, databasePrefix } = setup;
    child.send({ setup: { centralUrl, serverUrl, databasePrefix }, holdAt } satisfies Order);
    const word = await nextMessage<Word>(child);
    if (!('url' in word)) throw new Error('It is held already.');
    return [child, word.url];
  };

  it('gives the same answer to the same request, quoted or not', async () => {
    const more = { name: 'Same', settings: { a: 1, b: { c: 2, d: 3 } } };
    const first = await create('same', '"key-1"', { more });
    expect(first.status).toBe(201);
    const again = await create('same', 'key-1', {
      more: { settings: { b: { d: 3, c: 2 }, a: 1 }, name: 'Same' },
    });
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    await call(app, 'PATCH tenants/same', { body: { name: 'Another' } });
    expect((await create('same', 'key-1', { more })).body).toEqual(first.body);
    expect(await amountOf('same')).toBe(1);
  });

  it('refuses another request with the same key', async () => {
    await create('first', 'key-2');
    expect(await create('second', 'key-2')).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(await amountOf('second')).toBe(0);
  });

  it('is each operator’s own', async () => {
    expect((await create('annas', 'key-3')).status).toBe(201);
    expect((await create('omars', 'key-3', { token: 'token-of-omar' })).body.slug).toBe('omars');
  });

  it('gives the same refusal again; what is wrong with the input uses no key', async () => {
    expect(await create('same', 'key-4')).toMatchObject({
      status: 409,
      body: { code: 'TENANT_CONFLICT' },
    });
    const { id } = await app.get(TenantService).update('same', { slug: 'renamed' });
    expect(await create('same', 'key-4')).toMatchObject({
      status: 409,
      body: { code: 'TENANT_CONFLICT' },
    });
    await app.get(TenantService).update(id, { slug: 'same' });
    expect((await create('wrong', 'key-5', { more: { colour: 1 } })).status).toBe(400);
    expect((await create('right', 'key-5')).status).toBe(201);
  });

  it('tells why a creation is refused also where that cannot be kept', async () => {
    const store = app.get(OperationStore, { strict: false });
    jest.spyOn(store, 'end').mockRejectedValueOnce(new Error('the central database is away'));
    expect(await create('same', 'key-unkept')).toMatchObject({
      status: 409,
      body: { code: 'TENANT_CONFLICT' },
    });
    later(HELD_FOR + 1);
    expect(await create('same', 'key-unkept')).toMatchObject({
      status: 409,
      body: { code: 'TENANT_CONFLICT' },
    });
  });

  it.each(['', '""', '"a', 'a"b', 'a b', 'ü', 'x'.repeat(256), '"a", "b"'])(
    'that is none (%p) is refused',
    async (key) => {
      const [answer] = await Promise.allSettled([create('none', key)]);
      // Of what is no byte of a header, the client says so.
      if (answer.status === 'rejected') return;
      expect(answer.value).toMatchObject({
        status: 400,
        body: { code: 'IDEMPOTENCY_KEY_INVALID' },
      });
    },
  );

  it('is free for the same request again after a failure that may pass', async () => {
    seedFails = true;
    expect(await create('failing', 'key-6')).toMatchObject({
      status: 500,
      body: { code: 'TENANT_PROVISIONING_FAILED' },
    });
    seedFails = false;
    expect((await create('failing', 'key-6')).body).toMatchObject({ status: 'active' });
    expect((await create('failing', 'key-6')).status).toBe(201);
    expect(await amountOf('failing')).toBe(1);
  });

  it('creates one tenant for many requests at once in two processes', async () => {
    const [child, url] = await startChild();
    for (const round of [1, 2, 3]) {
      const places = [app, url, app, url, app, url];
      const answers = await Promise.all(
        places.map((at) => create(`once-${round}`, `once-${round}`, { at })),
      );
      const created = answers.filter(({ status }) => status === 201);
      expect(created.length).toBeGreaterThan(0);
      expect(new Set(created.map(({ body }) => body.id)).size).toBe(1);
      for (const { status, body, headers } of answers) {
        if (status === 201) continue;
        expect({ status, code: body.code }).toEqual({
          status: 409,
          code: 'IDEMPOTENCY_KEY_IN_USE',
        });
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      for (const at of [app, url]) {
        expect((await create(`once-${round}`, `once-${round}`, { at })).body).toEqual(
          created[0]!.body,
        );
      }
    }
    expect(await amountOf('once-')).toBe(3);
    await kill(child);
  }, 60_000);

  it.each(['place', 'seed', 'created'] as const)(
    'of a process that was killed at "%s" is gone on with by another, once nobody has it',
    async (holdAt) => {
      const [child, url] = await startChild(holdAt);
      const exit = once(child, 'exit');
      const lost = create(`killed-${holdAt}`, `killed-${holdAt}`, { at: url }).catch(String);
      if (holdAt !== 'created') {
        await nextMessage<Word>(child);
        // It lives: nobody takes its place.
        expect(await create(`killed-${holdAt}`, `killed-${holdAt}`)).toMatchObject({
          status: 409,
          body: { code: 'IDEMPOTENCY_KEY_IN_USE' },
        });
        await kill(child);
      }
      await exit;
      expect(await lost).toContain('fetch failed');
      const before = await app.get(TenantService).find(`killed-${holdAt}`);
      expect(before?.status).toBe(
        { place: undefined, seed: 'provisioning', created: 'active' }[holdAt],
      );
      const inUse = await create(`killed-${holdAt}`, `killed-${holdAt}`);
      expect(inUse).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_USE' } });
      expect(Number(inUse.headers.get('retry-after'))).toBeLessThanOrEqual(30);
      later(HELD_FOR + 1);
      const answers = await Promise.all(
        [1, 2, 3].map(() => create(`killed-${holdAt}`, `killed-${holdAt}`)),
      );
      const created = answers.filter(({ status }) => status === 201);
      expect(created.length).toBeGreaterThan(0);
      expect(created[0]!.body).toMatchObject({ slug: `killed-${holdAt}`, status: 'active' });
      if (before !== null) expect(created[0]!.body.id).toBe(before.id);
      expect(await amountOf(`killed-${holdAt}`)).toBe(1);
    },
    60_000,
  );

  it('finds the tenant that took a database which was kept ready', async () => {
    const pending = app.get(PendingTenants, { strict: false });
    const central = app.get<DataSource>(getDataSourceToken(CENTRAL));
    Object.assign(pending, { stopped: false });
    await pending.topUp();
    pending.stop();
    const { body } = await create('taken', 'key-7');
    expect(body.database).toContain('ready_');
    const [row] = await central.query(
      `SELECT state FROM tenancy_admin_operations WHERE tenant_id = '${body.id}'`,
    );
    expect(row.state).toBe('succeeded');
  });

  it('is forgotten a day later, and at once with a tenant that is dropped', async () => {
    const store = app.get(OperationStore, { strict: false });
    const central = app.get<DataSource>(getDataSourceToken(CENTRAL));
    const { body } = await create('dropped', 'key-8');
    const amount = async (where: string) => {
      const rows = await central.query(`SELECT id FROM tenancy_admin_operations WHERE ${where}`);
      return rows.length;
    };
    await store.tidy(Date.now());
    expect(await amount(`tenant_id = '${body.id}'`)).toBe(1);
    await app.get(TenantService).delete('dropped', { confirm: 'dropped', dropDatabase: true });
    await store.tidy(Date.now());
    expect(await amount(`tenant_id = '${body.id}'`)).toBe(0);
    expect(await amount('1 = 1')).toBeGreaterThan(0);
    await store.tidy(Date.now() + 24 * 3_600_000 + 60_000);
    expect(await amount('1 = 1')).toBe(0);
  });

  it('of an operation whose process gives no sign of life is told as lost', async () => {
    const store = app.get(OperationStore, { strict: false });
    const about = { action: 'migrations.run', tenantId: null, fingerprint: null };
    await store.open({ id: 'silent', holder: 'gone' }, about, Date.now());
    expect((await call(app, 'GET operations/silent')).body.state).toBe('running');
    later(HELD_FOR + 1);
    expect((await call(app, 'GET operations/silent')).body.state).toBe('lost');
    await store.renew({ id: 'silent', holder: 'gone' }, Date.now());
    expect((await call(app, 'GET operations/silent')).body.state).toBe('running');
    expect(await store.renew({ id: 'silent', holder: 'another' }, Date.now())).toBe(false);
  });
});
