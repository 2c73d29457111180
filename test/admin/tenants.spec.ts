import type { INestApplication } from '@nestjs/common';
import { engines, type EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { call, startAdminApp } from './admin-app.js';

const cases = engines.flatMap((engine, index) =>
  // Both platforms on the first engine: what they differ in is not in the database.
  Object.entries(PLATFORMS)
    .filter(([name]) => index === 0 || name === 'fastify')
    .map(([platform, adapter]) => ({ platform, adapter, engine, name: engine.name })),
);

describe.each(cases)('tenants over $platform on $name', ({ adapter, engine }) => {
  let setup: EngineSetup;
  let app: INestApplication;
  beforeAll(async () => {
    setup = await engine.prepare();
    app = await startAdminApp(setup, { adapter: adapter() });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const create = (body: object) => call(app, 'POST tenants', { body });

  it('are created, with a Location, and without what logs in to their database', async () => {
    const created = await create({
      slug: 'acme',
      name: 'Acme & Söhne',
      domains: ['app.acme.example', 'WWW.acme.example'],
      settings: { plan: 'pro', nested: { constructor: null, list: [1, null] } },
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('cache-control')).toBe('no-store');
    expect(created.body).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      slug: 'acme',
      name: 'Acme & Söhne',
      status: 'active',
      server: 'main',
      database: `${setup.databasePrefix}acme`,
      databaseOrigin: 'created',
      step: 'done',
      failure: null,
      settings: { plan: 'pro', nested: { constructor: null, list: [1, null] } },
      generation: 1,
      domains: expect.arrayContaining([
        { host: 'app.acme.example', primary: true, createdAt: expect.any(String) },
        { host: 'www.acme.example', primary: false, createdAt: expect.any(String) },
      ]),
      createdAt: expect.stringMatching(/^20/),
      updatedAt: expect.stringMatching(/^20/),
      deletedAt: null,
    });
    const location = new URL(created.headers.get('location')!, 'http://x/admin/tenancy/tenants');
    expect(location.pathname).toBe(`/admin/tenancy/tenants/${created.body.id}`);
    expect(await call(app, `GET ${location.pathname}`)).toMatchObject({
      status: 200,
      body: created.body,
    });
    expect((await call(app, 'GET tenants/acme')).body).toEqual(created.body);
  });

  it('that cannot be are refused, with what is wrong', async () => {
    expect(await create({ slug: 'acme' })).toMatchObject({
      status: 409,
      body: { type: 'about:blank', title: 'Conflict', status: 409, code: 'TENANT_CONFLICT' },
    });
    const wrong = await create({ slug: 5, name: null, colour: 'red', domains: ['a', 'a'] });
    expect(wrong.status).toBe(400);
    expect(wrong.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(wrong.headers.get('cache-control')).toBe('no-store');
    expect(wrong.body).toMatchObject({ code: 'ADMIN_INPUT_INVALID', status: 400 });
    expect(wrong.body.errors.map(({ member }: { member: string }) => member).toSorted()).toEqual([
      'colour',
      'domains',
      'name',
      'slug',
    ]);
    expect(await create({ slug: 'Not-a-slug' })).toMatchObject({
      status: 400,
      body: { code: 'TENANT_INPUT_INVALID' },
    });
    expect(await create({ slug: 'ok', server: 'none' })).toMatchObject({
      status: 400,
      body: { code: 'ADMIN_INPUT_INVALID', errors: [{ member: 'server' }] },
    });
    expect(await create({ slug: 'big', settings: { text: 'x'.repeat(66_000) } })).toMatchObject({
      status: 400,
      body: { code: 'TENANT_INPUT_INVALID' },
    });
    expect((await create({ slug: 'a', adoptDatabase: 'somebodys' })).status).toBe(400);
    expect(await call(app, 'GET tenants/nobody')).toMatchObject({
      status: 404,
      body: { code: 'TENANT_NOT_FOUND', detail: 'No tenant has the id or slug "nobody".' },
    });
    // A host names no tenant here.
    expect((await call(app, 'GET tenants/app.acme.example')).status).toBe(404);
  });

  it('are listed in pages, which a cursor leads through', async () => {
    for (const slug of ['page-1', 'page-2', 'page-3']) await create({ slug });
    const slugs: string[] = [];
    let cursor = '';
    do {
      const { status, body } = await call(app, `GET tenants?limit=2${cursor}`);
      expect(status).toBe(200);
      expect(body.items.length).toBeLessThanOrEqual(2);
      slugs.push(...body.items.map(({ slug }: { slug: string }) => slug));
      cursor = body.next === undefined ? '' : `&cursor=${body.next}`;
    } while (cursor !== '');
    expect(slugs).toEqual(['acme', 'page-1', 'page-2', 'page-3']);
    const refused = ['cursor=page-1', 'cursor=', 'cursor=WyJ2MSIsInBhZ2UtMSJd==', 'limit=0'];
    for (const query of [
      ...refused,
      'limit=1e3',
      'status=pending',
      'after=page-1',
      'limit=1&limit=2',
    ]) {
      expect({ query, status: (await call(app, `GET tenants?${query}`)).status }).toEqual({
        query,
        status: 400,
      });
    }
  });

  it('go through their life', async () => {
    await create({ slug: 'life', name: 'Life' });
    const at = async (verb: string) => {
      const { status, body } = await call(app, `POST tenants/life/${verb}`);
      return [status, body.status, body.code];
    };
    expect(await at('suspend')).toEqual([200, 'suspended', undefined]);
    expect(await at('suspend')).toEqual([409, 409, 'TENANT_TRANSITION_REFUSED']);
    expect(await at('activate')).toEqual([200, 'active', undefined]);
    expect(await at('block')).toEqual([200, 'blocked', undefined]);
    expect(await at('activate')).toEqual([200, 'active', undefined]);
    expect(await at('restore')).toEqual([409, 409, 'TENANT_TRANSITION_REFUSED']);
    const changed = await call(app, 'PATCH tenants/life', {
      body: { slug: 'life-2', name: 'Second life', settings: { plan: 'basic' } },
    });
    expect(changed.body).toMatchObject({
      slug: 'life-2',
      name: 'Second life',
      settings: { plan: 'basic' },
    });
    expect(await call(app, 'DELETE tenants/life-2?confirm=Life')).toMatchObject({
      status: 422,
      body: { code: 'TENANT_CONFIRMATION_WRONG' },
    });
    expect((await call(app, 'DELETE tenants/life-2')).status).toBe(400);
    const named = `confirm=${encodeURIComponent('Second life')}`;
    expect((await call(app, `DELETE tenants/life-2?${named}`)).body.status).toBe('deleted');
    expect((await call(app, 'GET tenants?status=deleted')).body.items).toHaveLength(1);
    expect((await call(app, 'POST tenants/life-2/restore')).body).toMatchObject({
      status: 'active',
      generation: 2,
    });
    const dropped = await call(app, `DELETE tenants/life-2?${named}&dropDatabase=true`);
    expect(dropped.body).toMatchObject({ status: 'deleted', step: 'dropped' });
    expect(await call(app, 'POST tenants/life-2/restore')).toMatchObject({
      status: 410,
      body: { code: 'TENANT_DATA_GONE' },
    });
    expect((await call(app, 'POST tenants/life-2/repair')).body).toMatchObject({
      tenant: { status: 'deleted' },
    });
  });

  it('have their domains', async () => {
    await create({ slug: 'hosts', domains: ['one.hosts.example'] });
    const added = await call(app, 'POST tenants/hosts/domains', {
      body: { host: 'Two.hosts.example', primary: true },
    });
    expect(added.status).toBe(201);
    const primaryOf = (body: { domains: { host: string; primary: boolean }[] }) =>
      body.domains.filter(({ primary }) => primary).map(({ host }) => host);
    expect(primaryOf(added.body)).toEqual(['two.hosts.example']);
    const set = await call(app, 'PUT tenants/hosts/primary-domain', {
      body: { host: 'one.hosts.example' },
    });
    expect(primaryOf(set.body)).toEqual(['one.hosts.example']);
    const removed = await call(app, 'DELETE tenants/hosts/domains/one.hosts.example');
    expect(removed.body.domains).toHaveLength(1);
    expect(primaryOf(removed.body)).toEqual(['two.hosts.example']);
    expect(await call(app, 'DELETE tenants/hosts/domains/one.hosts.example')).toMatchObject({
      status: 404,
      body: { code: 'DOMAIN_NOT_FOUND' },
    });
    expect(
      await call(app, 'POST tenants/hosts/domains', { body: { host: 'no host' } }),
    ).toMatchObject({ status: 400, body: { code: 'TENANT_INPUT_INVALID' } });
    expect(
      await call(app, 'POST tenants/acme/domains', { body: { host: 'two.hosts.example' } }),
    ).toMatchObject({ status: 409, body: { code: 'TENANT_CONFLICT' } });
  });

  it('have no accounts to rotate where the server’s is shared', async () => {
    expect(await call(app, 'POST tenants/acme/rotate-credentials')).toMatchObject({
      status: 409,
      body: { code: 'CREDENTIALS_SHARED' },
    });
  });
});
