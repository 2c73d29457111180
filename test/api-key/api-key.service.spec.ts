import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import {
  ApiKeyService,
  type ApiKeyEvent,
  type CreatedApiKey,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import { ApiKeyAuthenticator } from '../../lib/api-key/api-key-authenticator.js';
import { ApiKeyRows } from '../../lib/api-key/api-key-rows.js';
import { ApiKeyRow } from '../../lib/api-key/api-key.entity.js';
import { makeKey } from '../../lib/api-key/key-text.js';
import { LastUses } from '../../lib/api-key/last-uses.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

const DAY = 24 * 3_600_000;
const input = { name: 'billing', scopes: ['invoices:read'] };

describe.each(engines)('ApiKeyService on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  let keys: ApiKeyService;
  const events: [string, ApiKeyEvent][] = [];

  const start = (options: TenancyModuleOptions = {}) =>
    startTenancyApp(setup, { options, imports: [EventEmitterModule.forRoot()] });

  beforeAll(async () => {
    setup = await prepare();
    app = await start();
    keys = app.context.get(ApiKeyService);
    app.context
      .get(EventEmitter2)
      .onAny(
        (name, event) => String(name).startsWith('api-key.') && events.push([String(name), event]),
      );
    for (const slug of ['acme', 'other']) await app.tenants.create({ slug });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });
  beforeEach(() => {
    events.length = 0;
  });

  const inAcme = <T>(work: () => Promise<T>) => app.tenancy.run('acme', work);
  const create = (more: object = {}) => inAcme(() => keys.create({ ...input, ...more }));
  const rowOf = ({ info: { id } }: CreatedApiKey) =>
    app.central.getRepository(ApiKeyRow).findOneByOrFail({ id });
  const isLetIn = async (key: string, among = app) => {
    const found = await among.context
      .get(ApiKeyAuthenticator)
      .authenticate({ headers: { 'x-api-key': key } });
    return found !== undefined && 'info' in found;
  };
  /** How often the central database was asked in `work`. */
  const asked = async (work: () => Promise<unknown>, among = app) => {
    const times = () => {
      const { reused, turned, opened } = among.pools.stats().central;
      return reused + turned + opened;
    };
    const before = times();
    await work();
    return times() - before;
  };

  it('makes a key, shows it once, and keeps its beginning and its hash', async () => {
    const expiresAt = new Date(Date.now() + DAY);
    const created = await create({ expiresAt, requestsPerMinute: 60 });
    const { id: tenantId } = await app.tenants.get('acme');
    expect(created.info).toMatchObject({
      tenantId,
      ...input,
      requestsPerMinute: 60,
      status: 'active',
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
    });
    expect(created.key.startsWith(`${created.info.prefix}_`)).toBe(true);
    const row = await rowOf(created);
    const secret = created.key.slice(created.info.prefix.length + 1);
    expect(JSON.stringify(row)).not.toContain(secret);
    expect(JSON.stringify(await inAcme(() => keys.list()))).not.toContain(row.hash);
    expect(await isLetIn(created.key)).toBe(true);
  });

  it('tells what was done, and no secret', async () => {
    const created = await create();
    const rotated = await inAcme(() => keys.rotate(created.info.id));
    await inAcme(() => keys.revoke(created.info.id));
    await inAcme(() => keys.revoke(created.info.id));
    const { id: tenantId } = await app.tenants.get('acme');
    const told = { tenantId, slug: 'acme', keyName: 'billing', scopes: ['invoices:read'] };
    const of = { ...told, keyId: created.info.id };
    expect(events).toEqual([
      ['api-key.created', of],
      ['api-key.rotated', { ...of, replacedBy: rotated.info.id }],
      ['api-key.revoked', of],
    ]);
    expect(JSON.stringify(events)).not.toContain((await rowOf(created)).hash);
    events.length = 0;
    await keys.central.create(input);
    expect(events[0]).toMatchObject(['api-key.created', { tenantId: null, slug: null }]);
  });

  it('lists a tenant’s keys in pages, and no others', async () => {
    await app.tenants.create({ slug: 'lister' });
    const inLister = <T>(work: () => Promise<T>) => app.tenancy.run('lister', work);
    const ids: string[] = [];
    for (let time = 0; time < 5; time += 1) {
      ids.push((await inLister(() => keys.create(input))).info.id);
    }
    await create();
    await keys.central.create(input);
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await inLister(() => keys.list({ limit: 2, after }));
      expect(page.keys.length).toBeLessThanOrEqual(2);
      found.push(...page.keys.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(found.toSorted()).toEqual(ids.toSorted());
    expect(found.length).toBe(5);
  });

  it('knows no key of another owner', async () => {
    const { info } = await create();
    const central = await keys.central.create(input);
    const inOther = (work: () => Promise<unknown>) => codeOf(() => app.tenancy.run('other', work));
    for (const id of [info.id, central.info.id, 'nothing']) {
      expect(await inOther(() => keys.get(id))).toBe('API_KEY_NOT_FOUND');
      expect(await inOther(() => keys.rotate(id))).toBe('API_KEY_NOT_FOUND');
      expect(await inOther(() => keys.revoke(id))).toBe('API_KEY_NOT_FOUND');
      expect(await inOther(() => keys.list({ after: id }))).toBe('API_KEY_NOT_FOUND');
    }
    expect(await codeOf(() => keys.central.revoke(info.id))).toBe('API_KEY_NOT_FOUND');
    expect((await inAcme(() => keys.get(info.id))).status).toBe('active');
  });

  it('needs a tenant, and for the central ones to be outside of one', async () => {
    for (const work of [() => keys.create(input), () => keys.list(), () => keys.revoke('x')]) {
      expect(await codeOf(work)).toBe('TENANT_CONTEXT_MISSING');
    }
    expect(await codeOf(() => inAcme(() => keys.central.create(input)))).toBe(
      'TENANT_SWITCH_REFUSED',
    );
    const crossing = () =>
      app.tenancy.runCentral('a new operator', () => keys.central.create(input));
    expect((await inAcme(crossing)).info.tenantId).toBeNull();
  });

  it.each([
    [{ name: ' ' }, 'name'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ scopes: ['with space'] }, 'scopes'],
    [{ scopes: ['*'] }, 'scopes'],
    [{ scopes: Array.from({ length: 51 }, (_, index) => `s${index}`) }, 'scopes'],
    [{ expiresAt: new Date(0) }, 'expiresAt'],
    [{ expiresAt: new Date(Number.NaN) }, 'expiresAt'],
    [{ requestsPerMinute: 0 }, 'requestsPerMinute'],
    [{ requestsPerMinute: 1.5 }, 'requestsPerMinute'],
  ])('refuses %j', async (wrong, field) => {
    await expect(create(wrong)).rejects.toMatchObject({
      code: 'API_KEY_INPUT_INVALID',
      message: expect.stringContaining(field),
    });
  });

  it('refuses a rate for a central key, and an overlap that is none', async () => {
    const limited = { ...input, requestsPerMinute: 5 };
    expect(await codeOf(() => keys.central.create(limited))).toBe('API_KEY_INPUT_INVALID');
    const { info } = await create();
    for (const overlap of [-1, 0.5, Number.NaN, 366 * DAY]) {
      expect(await codeOf(() => inAcme(() => keys.rotate(info.id, { overlap })))).toBe(
        'API_KEY_INPUT_INVALID',
      );
    }
  });

  it('rotates: both keys are let in until the overlap is over', async () => {
    const old = await create({ requestsPerMinute: 60 });
    expect(await isLetIn(old.key)).toBe(true);
    const fresh = await inAcme(() => keys.rotate(old.info.id));
    expect(fresh.info).toMatchObject({ ...input, requestsPerMinute: 60, status: 'active' });
    expect([await isLetIn(old.key), await isLetIn(fresh.key)]).toEqual([true, true]);
    const replaced = await inAcme(() => keys.get(old.info.id));
    expect(replaced).toMatchObject({ status: 'replaced', replacedBy: fresh.info.id });
    expect(Number(replaced.expiresAt) - Date.now()).toBeGreaterThan(DAY - 60_000);
    expect(Number(replaced.expiresAt) - Date.now()).toBeLessThanOrEqual(DAY);
    const later = jest.spyOn(Date, 'now').mockReturnValue(Number(replaced.expiresAt));
    try {
      expect([await isLetIn(old.key), await isLetIn(fresh.key)]).toEqual([false, true]);
    } finally {
      later.mockRestore();
    }
  });

  it('rotates without an overlap, and never makes the old key last longer', async () => {
    const soon = new Date(Date.now() + 60_000);
    const old = await create({ expiresAt: soon });
    await inAcme(() => keys.rotate(old.info.id));
    expect((await inAcme(() => keys.get(old.info.id))).expiresAt).toEqual(soon);
    const other = await create();
    expect(await isLetIn(other.key)).toBe(true);
    await inAcme(() => keys.rotate(other.info.id, { overlap: 0 }));
    expect(await isLetIn(other.key)).toBe(false);
  });

  it('gives the new key as long as the old one was made for', async () => {
    const old = await create({ expiresAt: new Date(Date.now() + 30 * DAY) });
    const { info } = await inAcme(() => keys.rotate(old.info.id));
    const lifetime = ({ createdAt, expiresAt }: typeof info) =>
      Number(expiresAt) - Number(createdAt);
    expect(lifetime(info)).toBe(lifetime(old.info));
  });

  it('rotates a key once, however many try at once, and none that has ended', async () => {
    const { info } = await create();
    const tries = Array.from({ length: 8 }, () => codeOf(() => inAcme(() => keys.rotate(info.id))));
    const codes = await Promise.all(tries);
    expect(codes.toSorted()).toEqual([...Array(7).fill('API_KEY_ENDED'), undefined]);
    const replacements = await app.central
      .getRepository(ApiKeyRow)
      .countBy({ id: String((await inAcme(() => keys.get(info.id))).replacedBy) });
    expect(replacements).toBe(1);
    const revoked = await create();
    await inAcme(() => keys.revoke(revoked.info.id));
    expect(await codeOf(() => inAcme(() => keys.rotate(revoked.info.id)))).toBe('API_KEY_ENDED');
  });

  it('revokes at once, for good', async () => {
    const { key, info } = await create();
    expect(await isLetIn(key)).toBe(true);
    const first = await inAcme(() => keys.revoke(info.id));
    expect(first.status).toBe('revoked');
    expect(await isLetIn(key)).toBe(false);
    expect((await inAcme(() => keys.revoke(info.id))).revokedAt).toEqual(first.revokedAt);
  });

  it('asks the database once for a key, however many ask at once, and then from memory', async () => {
    const { key } = await create();
    const many = () => Promise.all(Array.from({ length: 50 }, () => isLetIn(key)));
    expect(await asked(many)).toBe(1);
    expect(await asked(many)).toBe(0);
    const changed = key.slice(0, -7) + (key.at(-7) === 'x' ? 'y' : 'x') + key.slice(-6);
    expect(await asked(() => isLetIn(changed))).toBe(0);
  });

  it('asks for many made-up keys in few queries, and remembers that there are none', async () => {
    const madeUp = Array.from({ length: 2_000 }, () => makeKey('tk').text);
    const all = () => Promise.all(madeUp.map((key) => isLetIn(key)));
    // The first alone, what came meanwhile by 500.
    expect(await asked(all)).toBeLessThanOrEqual(6);
    expect(await asked(all)).toBe(0);
    expect(new Set(await all())).toEqual(new Set([false]));
  });

  it('lets in nobody who knows but the id of a key', async () => {
    const row = await rowOf(await create());
    const made = makeKey('tk');
    await app.context.get(ApiKeyRows, { strict: false }).insert({ ...row, id: made.id });
    expect(await isLetIn(made.text)).toBe(false);
  });

  it('does not remember what was read before it was revoked', async () => {
    const { key, info } = await create();
    const rows = app.context.get(ApiKeyRows, { strict: false });
    const stale = await rowOf({ key, info });
    let answer: (row: ApiKeyRow) => void = () => {};
    jest.spyOn(rows, 'read').mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const reading = isLetIn(key);
    await inAcme(() => keys.revoke(info.id));
    answer(stale);
    await reading;
    expect(await isLetIn(key)).toBe(false);
    jest.restoreAllMocks();
  });

  it('fails while the database does, and is itself again after', async () => {
    const { key } = await create();
    const rows = app.context.get(ApiKeyRows, { strict: false });
    jest.spyOn(rows, 'read').mockRejectedValueOnce(new Error('the database is down'));
    await expect(isLetIn(key)).rejects.toThrow('the database is down');
    expect(await isLetIn(key)).toBe(true);
  });

  it('writes last uses in one statement, not at each request, and never back in time', async () => {
    const uses = app.context.get(LastUses, { strict: false });
    await uses.flush();
    const some = [await create(), await create(), await create()];
    for (const { key } of some) await isLetIn(key);
    const requests = async () => {
      for (const { key } of some) await isLetIn(key);
    };
    expect(await asked(requests)).toBe(0);
    const before = Date.now();
    expect(await asked(() => uses.flush())).toBe(1);
    expect(await asked(() => uses.flush())).toBe(0);
    const { info } = some[0]!;
    const used = await inAcme(() => keys.get(info.id));
    expect(Number(used.lastUsedAt)).toBeGreaterThanOrEqual(before);
    await app.context.get(ApiKeyRows, { strict: false }).used([info.id], before - 1_000);
    expect((await inAcme(() => keys.get(info.id))).lastUsedAt).toEqual(used.lastUsedAt);
  });

  it('writes last uses when the app shuts down, and again when the database refused them', async () => {
    const other = await start();
    const { key, info } = await create();
    expect(await isLetIn(key, other)).toBe(true);
    const uses = other.context.get(LastUses, { strict: false });
    const rows = other.context.get(ApiKeyRows, { strict: false });
    jest.spyOn(rows, 'used').mockRejectedValueOnce(new Error('the database is down'));
    await uses.flush();
    expect((await inAcme(() => keys.get(info.id))).lastUsedAt).toBeNull();
    await other.close();
    expect((await inAcme(() => keys.get(info.id))).lastUsedAt).not.toBeNull();
  });

  it('go with a tenant whose database was dropped', async () => {
    await app.tenants.create({ slug: 'gone' });
    const created = await app.tenancy.run('gone', () => keys.create(input));
    const rows = app.context.get(ApiKeyRows, { strict: false });
    const count = () => app.central.getRepository(ApiKeyRow).countBy({ id: created.info.id });
    await app.tenants.delete('gone', { confirm: 'gone' });
    await rows.tidy();
    expect(await count()).toBe(1);
    await app.tenants.restore('gone');
    await app.tenants.delete('gone', { confirm: 'gone', dropDatabase: true });
    await rows.tidy();
    expect(await count()).toBe(0);
  });
});
