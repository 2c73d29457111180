import type { INestApplication } from '@nestjs/common';
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { TenantService } from '../../lib/index.js';
import { adminDocument } from '../../lib/admin/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { prepareInMemory } from '../support/in-memory.js';
import { call, startAdminApp, urlOf } from './admin-app.js';
import { operationsOf, type Operation } from './operations-of.js';

const RUNS = 60;
const [engine] = engines;

/** What tends to hurt: names that objects have anyway, ends of ranges, characters that mean something to somebody. */
const nasty = fc.constantFrom<unknown>(
  null,
  '',
  '\u0000',
  '\ud800',
  '%00',
  "'; DROP TABLE tenancy_tenants; --",
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'acme',
  'x'.repeat(300),
  -1,
  1e308,
  0.1,
  [],
  [[]],
  {},
  { constructor: null },
  { length: 1e9 },
  { toString: null },
  true,
);
const value = fc.oneof(nasty, fc.jsonValue({ depthSize: 'small' }), fc.string({ unit: 'binary' }));
const members = fc.constantFrom('__proto__', 'constructor', 'toString', 'id', 'status', 'then');

/** Bodies that look like what the operation takes, to various degrees. */
function bodiesOf(names: readonly string[]): Arbitrary<unknown> {
  const named = fc.dictionary(fc.constantFrom('slug', ...names), value, { noNullPrototype: false });
  const odd = fc.dictionary(fc.oneof(members, fc.string()), value, { noNullPrototype: false });
  const valid = fc.record(
    {
      slug: fc.stringMatching(/^fuzz-[a-z0-9]{1,8}$/),
      name: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
      host: fc.domain(),
      limit: fc.oneof(fc.constant(null), fc.double()),
      settings: fc.dictionary(fc.oneof(members, fc.string()), fc.jsonValue()),
      domains: fc.array(fc.oneof(fc.domain(), fc.string()), { maxLength: 3 }),
      undo: fc.boolean(),
      resume: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const some = valid.map((all) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))),
  );
  return fc.oneof(some, named, odd, value);
}

const segment = fc.oneof(
  fc.constantFrom(
    'acme',
    'fuzz',
    'users',
    'nobody',
    '.',
    '..',
    '%',
    '%00',
    '%ff',
    '%2e%2e',
    '*',
    '~',
  ),
  fc.string({ minLength: 1, unit: 'grapheme' }).map(encodeURIComponent),
  fc.uuid(),
);
const queryValue = fc.oneof(
  fc.constantFrom('', '0', '-1', '1e9', '9999999999999999999', 'true', '%00', 'null', 'acme'),
  fc.string({ unit: 'grapheme' }),
);

interface Shot {
  readonly path: string;
  readonly body: unknown;
}

function shotsAt(
  { path, hasBody, details }: Operation,
  names: readonly string[],
  tenant: string,
): Arbitrary<Shot> {
  const known = (details.parameters ?? []).flatMap((one) =>
    'in' in one && one.in === 'query' ? one.name : [],
  );
  const query = fc.array(
    fc.tuple(
      fc.oneof(fc.constantFrom('limit', ...known), fc.string({ unit: 'grapheme' })),
      queryValue,
    ),
    { maxLength: 4 },
  );
  return fc.record({
    path: fc
      .tuple(fc.array(segment, { minLength: 2, maxLength: 2 }), query)
      .map(([[first, second], pairs]) => {
        // The tenant is there as often as not, so that what comes after it is reached.
        const filled = path.replace('{tenant}', first!.length % 2 === 0 ? tenant : first!);
        const search = new URLSearchParams(pairs);
        return `${filled.replace(/\{\w+\}/, second!)}?${search.toString()}`;
      }),
    body: hasBody ? bodiesOf(names) : fc.constant(undefined),
  });
}

describe.each(Object.entries(PLATFORMS))('what is no request, over %s', (_name, adapter) => {
  let setup: EngineSetup;
  let app: INestApplication;
  let id: string;
  beforeAll(async () => {
    setup = await prepareInMemory(engine!);
    app = await startAdminApp(setup, { adapter: adapter() });
    ({ id } = await app.get(TenantService).create({ slug: 'acme' }));
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  it('never is answered with a failure of the server’s', async () => {
    const document = adminDocument(app);
    for (const operation of operationsOf(document)) {
      const { id: name, method } = operation;
      const names = namesOf(operation, document);
      await fc.assert(
        fc.asyncProperty(shotsAt(operation, names, id), async ({ path, body }) => {
          const { status, body: answer } = await call(app, `${method} ${path}`, { body });
          if (status >= 500) throw new Error(`${name}: ${status} ${JSON.stringify(answer)}`);
        }),
        { numRuns: RUNS },
      );
    }
    // All that was created on the way can be read.
    expect((await call(app, 'GET tenants?limit=200')).status).toBe(200);
    expect((await call(app, 'GET migrations')).status).toBe(200);
  }, 300_000);

  it.each([
    ['no JSON', 'application/json', '{"slug":'],
    ['nothing', 'application/json', ''],
    ['a text', 'application/json', '"slug"'],
    ['null', 'application/json', 'null'],
    ['another type', 'text/xml', '<slug/>'],
    ['a form', 'application/x-www-form-urlencoded', 'slug=form&name[a][b]=1'],
    ['an unknown charset', 'application/json; charset=klingon', '{}'],
    ['more than is taken', 'application/json', JSON.stringify({ name: 'x'.repeat(2_000_000) })],
    [
      'very deep',
      'application/json',
      `{"slug":"deep","settings":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`,
    ],
    [
      'members of every object',
      'application/json',
      '{"__proto__":{"slug":"p"},"constructor":null}',
    ],
  ])('a body that is %s is refused', async (_what, type, body) => {
    for (const key of ['', 'a-key']) {
      const headers = { 'content-type': type, ...(key !== '' && { 'idempotency-key': key }) };
      const { status } = await call(app, 'POST tenants', { body, headers });
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    }
  });

  it.each([
    'GET /admin/tenancy/tenants/%ff HTTP/1.1',
    'GET /admin/tenancy/tenants/%c0%ae HTTP/1.1',
    'GET /admin/tenancy/tenants?limit=%ff&cursor=%c3%28 HTTP/1.1',
    'GET //admin//tenancy//tenants HTTP/1.1',
    'GET http://elsewhere/admin/tenancy/tenants HTTP/1.1',
    'DELETE /admin/tenancy/tenants/acme?confirm[]=acme&confirm[$ne]=x HTTP/1.1',
  ])('a line such as "%s" is refused or answered', async (line) => {
    const { port } = new URL(urlOf(app));
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(
      `${line}\r\nHost: localhost\r\nAuthorization: Bearer token-of-anna\r\nConnection: close\r\n\r\n`,
    );
    const status = Number(/^HTTP\/1.1 (\d+)/.exec(await text(socket))?.[1]);
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(500);
  });

  it('leaves the tenant that was there as it was', async () => {
    expect((await app.get(TenantService).get(id)).placement.database).toContain('acme');
  });
});

function namesOf({ details }: Operation, document: ReturnType<typeof adminDocument>): string[] {
  const body = details.requestBody;
  const schema =
    body !== undefined && 'content' in body && body.content['application/json']?.schema;
  const name = schema && '$ref' in schema && schema.$ref.split('/').at(-1);
  const named = name ? document.components?.schemas?.[name] : undefined;
  return named !== undefined && 'properties' in named ? Object.keys(named.properties ?? {}) : [];
}
