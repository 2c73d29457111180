// Compiled by the test against the types that were generated from the OpenAPI document: a route, a parameter or a member
// that the document does not have is an error here.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Tenant = components['schemas']['TenantView'];

const [url, token] = process.argv.slice(2);
const client = createClient<paths>({
  baseUrl: url,
  headers: { authorization: `Bearer ${token}` },
});

/** What was answered, which must be no problem. */
async function done<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (error !== undefined) throw new Error(JSON.stringify(error));
  if (!response.ok) throw new Error(String(response.status));
  return data as T;
}

const path = { tenant: 'lifelong' };
const seen: string[] = [];
const see = (what: string, { status }: Pick<Tenant, 'status'>) => seen.push(`${what}: ${status}`);

const created = await done(
  client.POST('/admin/tenancy/tenants', {
    params: { header: { 'Idempotency-Key': 'a-life' } },
    body: {
      slug: 'lifelong',
      name: 'Lifelong',
      domains: ['a.lifelong.example'],
      settings: { a: 1 },
    },
  }),
);
see('created', created);
const again = await done(
  client.POST('/admin/tenancy/tenants', {
    params: { header: { 'Idempotency-Key': 'a-life' } },
    body: {
      slug: 'lifelong',
      name: 'Lifelong',
      domains: ['a.lifelong.example'],
      settings: { a: 1 },
    },
  }),
);
seen.push(`the same: ${again.id === created.id}`);

const page = await done(
  client.GET('/admin/tenancy/tenants', { params: { query: { status: 'active', limit: 10 } } }),
);
seen.push(`listed: ${page.items.some(({ slug }) => slug === 'lifelong')}`);

await done(
  client.POST('/admin/tenancy/tenants/{tenant}/domains', {
    params: { path },
    body: { host: 'b.lifelong.example', primary: true },
  }),
);
await done(
  client.PUT('/admin/tenancy/tenants/{tenant}/primary-domain', {
    params: { path },
    body: { host: 'a.lifelong.example' },
  }),
);
const { domains } = await done(
  client.DELETE('/admin/tenancy/tenants/{tenant}/domains/{host}', {
    params: { path: { ...path, host: 'b.lifelong.example' } },
  }),
);
seen.push(`domains: ${domains.map(({ host, primary }) => `${host} ${primary}`).join()}`);

const limit = await done(
  client.PUT('/admin/tenancy/tenants/{tenant}/quotas/{key}', {
    params: { path: { ...path, key: 'users' } },
    body: { limit: 3 },
  }),
);
const quotas = await done(
  client.GET('/admin/tenancy/tenants/{tenant}/quotas', { params: { path } }),
);
const users = quotas.items.find(({ key }) => key === 'users');
seen.push(`limit: ${limit.limit} ${users?.limit} ${users?.used ?? 'never measured'}`);
await done(
  client.DELETE('/admin/tenancy/tenants/{tenant}/quotas/{key}', {
    params: { path: { ...path, key: 'users' } },
  }),
);

const begun = await done(
  client.POST('/admin/tenancy/tenants/{tenant}/migrations', { params: { path }, body: {} }),
);
let operation = begun;
while (operation.state === 'running') {
  operation = await done(
    client.GET('/admin/tenancy/operations/{id}', { params: { path: { id: begun.id } } }),
  );
}
seen.push(`migrations: ${operation.state}`);
const { pending } = await done(
  client.GET('/admin/tenancy/tenants/{tenant}/migrations', { params: { path } }),
);
const matrix = await done(client.GET('/admin/tenancy/migrations'));
seen.push(`pending: ${pending.length} of ${matrix.migrations.length}`);

const pools = await done(client.GET('/admin/tenancy/pools'));
seen.push(`breaker: ${pools.servers.map(({ breaker }) => breaker).join()}`);
await done(client.POST('/admin/tenancy/tenants/{tenant}/drain', { params: { path } }));

const verb = { params: { path } };
see('suspended', await done(client.POST('/admin/tenancy/tenants/{tenant}/suspend', verb)));
see('activated', await done(client.POST('/admin/tenancy/tenants/{tenant}/activate', verb)));
see('blocked', await done(client.POST('/admin/tenancy/tenants/{tenant}/block', verb)));
see('activated', await done(client.POST('/admin/tenancy/tenants/{tenant}/activate', verb)));

const { name } = await done(
  client.PATCH('/admin/tenancy/tenants/{tenant}', { params: { path }, body: { name: 'Ended' } }),
);
const wrong = await client.DELETE('/admin/tenancy/tenants/{tenant}', {
  params: { path, query: { confirm: 'Lifelong' } },
});
seen.push(`refused: ${wrong.error?.code} ${wrong.error?.status}`);
const drop = (dropDatabase: boolean) =>
  done(
    client.DELETE('/admin/tenancy/tenants/{tenant}', {
      params: { path, query: { confirm: name, dropDatabase } },
    }),
  );
see('deleted', await drop(false));
see('restored', await done(client.POST('/admin/tenancy/tenants/{tenant}/restore', verb)));
const { tenant } = await done(
  client.POST('/admin/tenancy/tenants/{tenant}/repair', { params: { path }, body: {} }),
);
seen.push(`repaired: ${tenant?.status ?? 'undone'}`);
const dropped = await drop(true);
seen.push(`dropped: ${dropped.step}`);

// @ts-expect-error It is in no document.
void client.GET('/admin/tenancy/nothing');

console.log(JSON.stringify(seen));
