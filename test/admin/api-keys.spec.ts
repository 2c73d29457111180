import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import {
  ApiKey,
  bySubdomain,
  CentralRoute,
  CurrentApiKey,
  TenantService,
  type ApiKeyInfo,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { call, startAdminApp, type Answer } from './admin-app.js';

@Controller()
class Work {
  @Get('work')
  @ApiKey('work:do')
  work(@CurrentApiKey() { id }: ApiKeyInfo) {
    return id;
  }

  @Get('central-work')
  @CentralRoute()
  @ApiKey('work:do')
  centralWork(@CurrentApiKey() { id }: ApiKeyInfo) {
    return id;
  }
}

@Module({ controllers: [Work] })
class WorkModule {}

const SECRET = /^tk_[0-9a-f]{16}_[0-9A-Za-z]{49}$/;
const DAY = 24 * 3_600_000;

/** Express on all engines; the other platform on one. */
const RUNS = [
  ...engines.map((engine) => ({ ...engine, platform: 'express' })),
  ...engines.slice(0, 1).map((engine) => ({ ...engine, platform: 'fastify' })),
];

describe.each(RUNS)('API keys over the admin API on $name, $platform', ({ prepare, platform }) => {
  let setup: EngineSetup;
  let app: INestApplication;
  beforeAll(async () => {
    setup = await prepare();
    app = await startAdminApp(setup, {
      adapter: PLATFORMS[platform]!(),
      options: { identify: [bySubdomain({ of: 'localhost' })] },
      imports: [WorkModule],
    });
    for (const slug of ['acme', 'other']) await app.get(TenantService).create({ slug });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  /** Whose keys, by the path they are at, and where one of them is let in. */
  const OWNERS = [
    { base: 'tenants/acme/api-keys', work: '/work', host: 'acme.localhost' },
    { base: 'api-keys', work: '/central-work', host: 'localhost' },
  ];
  const body = { name: 'billing', scopes: ['work:do'] };
  const make = async (base: string): Promise<Answer> => call(app, `POST ${base}`, { body });
  /** Where the answer to a call of `path` leads. */
  const led = (answer: Answer, path: string) =>
    new URL(answer.headers.get('location')!, `http://x/admin/tenancy/${path}`).pathname;

  describe.each(OWNERS)('at $base', ({ base, work, host }) => {
    const at = async (key: string) =>
      (await ask(app, work, { host, headers: { 'x-api-key': key } })).status;

    it('are made, and told once', async () => {
      const expiresAt = new Date(Date.now() + DAY).toISOString();
      const made = await call(app, `POST ${base}`, { body: { ...body, expiresAt } });
      expect(made.status).toBe(201);
      expect(made.headers.get('cache-control')).toBe('no-store');
      const { key, ...shown } = made.body;
      expect(key).toMatch(SECRET);
      expect(shown).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        tenantId: base === 'api-keys' ? null : expect.any(String),
        name: 'billing',
        prefix: key.slice(0, 19),
        scopes: ['work:do'],
        requestsPerMinute: null,
        status: 'active',
        createdAt: expect.any(String),
        expiresAt,
        revokedAt: null,
        replacedBy: null,
        lastUsedAt: null,
      });
      expect(await at(key)).toBe(200);
      expect((await call(app, `GET ${led(made, base)}`)).body).toMatchObject({ id: shown.id });
      const read = await call(app, `GET ${base}/${shown.id}`);
      expect(read).toMatchObject({ status: 200, body: { name: 'billing', status: 'active' } });
      expect(read.body).not.toHaveProperty('key');
    });

    it('are another each time, and refused with an idempotency key', async () => {
      const headers = { 'idempotency-key': 'the-same' };
      const amount = async () => (await call(app, `GET ${base}?limit=1000`)).body.items.length;
      const before = await amount();
      expect(await call(app, `POST ${base}`, { body, headers })).toMatchObject({
        status: 400,
        body: { code: 'IDEMPOTENCY_KEY_REFUSED' },
      });
      expect(await amount()).toBe(before);
      const [first, second] = [
        await call(app, `POST ${base}`, { body }),
        await call(app, `POST ${base}`, { body }),
      ];
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.body.id).not.toBe(first.body.id);
    });

    it('are rotated with an overlap, once', async () => {
      const { body: old } = await make(base);
      const rotate = (rotation: object) =>
        call(app, `POST ${base}/${old.id}/rotate`, { body: rotation });
      const next = await rotate({ overlap: 60_000 });
      expect(next).toMatchObject({ status: 201, body: { name: 'billing', scopes: ['work:do'] } });
      expect([await at(old.key), await at(next.body.key)]).toEqual([200, 200]);
      expect(led(next, `${base}/${old.id}/rotate`)).toBe(`/admin/tenancy/${base}/${next.body.id}`);
      const { body: replaced } = await call(app, `GET ${base}/${old.id}`);
      expect(replaced).toMatchObject({ status: 'replaced', replacedBy: next.body.id });
      expect(Date.parse(replaced.expiresAt)).toBeLessThanOrEqual(Date.now() + 60_000);
      expect(await rotate({})).toMatchObject({ status: 409, body: { code: 'API_KEY_ENDED' } });
    });

    it('end at once when they are rotated without one, or revoked', async () => {
      const { body: old } = await make(base);
      expect(await at(old.key)).toBe(200);
      const next = await call(app, `POST ${base}/${old.id}/rotate`, { body: { overlap: 0 } });
      expect([await at(old.key), await at(next.body.key)]).toEqual([401, 200]);
      const revoke = () => call(app, `DELETE ${base}/${next.body.id}`);
      const revoked = await revoke();
      expect(revoked).toMatchObject({
        status: 200,
        body: { status: 'revoked', revokedAt: expect.any(String) },
      });
      expect(await at(next.body.key)).toBe(401);
      expect((await revoke()).body).toEqual(revoked.body);
    });

    it('are listed in pages, with those that have ended', async () => {
      const ids: string[] = [];
      let cursor = '';
      do {
        const page = await call(app, `GET ${base}?limit=2${cursor}`);
        expect(page.body.items.length).toBeLessThanOrEqual(2);
        expect(JSON.stringify(page.body)).not.toMatch(/tk_[0-9a-f]{16}_/);
        ids.push(...page.body.items.map(({ id }: { id: string }) => id));
        cursor = page.body.next === undefined ? '' : `&cursor=${page.body.next}`;
      } while (cursor !== '');
      expect(new Set(ids).size).toBe(ids.length);
      const { body: all } = await call(app, `GET ${base}`);
      expect(all.items.map(({ id }: { id: string }) => id)).toEqual(ids);
      expect(all.items.map(({ status }: { status: string }) => status)).toContain('revoked');
    });

    it('are known by their exact ids, to their owner alone', async () => {
      const { body: key } = await make(base);
      const elsewhere = OWNERS.map((owner) => owner.base).filter((one) => one !== base);
      for (const strange of [...elsewhere, 'tenants/other/api-keys']) {
        for (const route of [`GET ${strange}/${key.id}`, `DELETE ${strange}/${key.id}`]) {
          expect(await call(app, route)).toMatchObject({
            status: 404,
            body: { code: 'API_KEY_NOT_FOUND' },
          });
        }
        const rotated = await call(app, `POST ${strange}/${key.id}/rotate`, { body: {} });
        expect(rotated.status).toBe(404);
      }
      // Servers would find it: what is in memory, and lets it in, would not be forgotten.
      const odd = [key.id.toUpperCase(), `${key.id}%20`].filter((id) => id !== key.id);
      for (const id of odd) expect((await call(app, `DELETE ${base}/${id}`)).status).toBe(404);
      expect(await at(key.key)).toBe(200);
      const { body: page } = await call(app, `GET ${base}?limit=1`);
      const taken = `limit=1&cursor=${page.next}`;
      expect(await call(app, `GET tenants/other/api-keys?${taken}`)).toMatchObject({
        status: 400,
        body: { code: 'CURSOR_INVALID' },
      });
    });

    it('that cannot be are refused', async () => {
      const odd = [
        {},
        { name: '' },
        { name: ' ' },
        { name: 5 },
        { name: 'x'.repeat(101) },
        { ...body, scopes: 'work:do' },
        { ...body, scopes: ['two words'] },
        { ...body, scopes: [5] },
        { ...body, expiresAt: 'tomorrow' },
        { ...body, expiresAt: '2001-01-01T00:00:00Z' },
        { ...body, requestsPerMinute: 0 },
        { ...body, key: 'mine' },
      ];
      for (const one of odd) {
        expect({ one, ...(await call(app, `POST ${base}`, { body: one })) }).toMatchObject({
          one,
          status: 400,
          body: { code: expect.stringMatching(/^(?:ADMIN|API_KEY)_INPUT_INVALID$/) },
        });
      }
      const { body: key } = await make(base);
      for (const rotation of [{ overlap: -1 }, { overlap: 0.5 }, { expiresAt: '2001-01-01' }]) {
        const rotated = await call(app, `POST ${base}/${key.id}/rotate`, { body: rotation });
        expect(rotated.status).toBe(400);
      }
      for (const query of ['limit=0', 'limit=1001', 'cursor=x', 'after=x']) {
        expect((await call(app, `GET ${base}?${query}`)).status).toBe(400);
      }
    });
  });

  it('have a rate for tenants alone', async () => {
    const limited = { body: { ...body, requestsPerMinute: 1 } };
    const { body: made } = await call(app, 'POST tenants/acme/api-keys', limited);
    expect(made.requestsPerMinute).toBe(1);
    expect((await call(app, 'POST api-keys', limited)).status).toBe(400);
  });

  it('of a suspended tenant can be looked at and ended', async () => {
    const { body: made } = await make('tenants/other/api-keys');
    await call(app, 'POST tenants/other/suspend');
    expect((await call(app, 'GET tenants/other/api-keys')).body.items).toHaveLength(1);
    const revoked = await call(app, `DELETE tenants/other/api-keys/${made.id}`);
    expect(revoked.body.status).toBe('revoked');
    await call(app, 'POST tenants/other/activate');
  });
});
