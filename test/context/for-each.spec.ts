import { setImmediate as turn } from 'node:timers/promises';
import { ForEachTenantError } from '../../lib/context/errors.js';
import { Tenancy } from '../../lib/context/tenancy.js';
import { codeOf } from '../support/rejection.js';
import { TenantList, tenantNamed } from '../support/tenant-list.js';

const tenants = Array.from({ length: 20 }, (_, n) => tenantNamed(`t${n}`));
const slugs = tenants.map(({ slug }) => slug);
const list = new TenantList([...tenants, tenantNamed('s', { status: 'suspended' })]);
const tenancy = new Tenancy(list);

async function failureOf(work: Promise<void>): Promise<ForEachTenantError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ForEachTenantError) return error;
  throw new Error('It was expected to fail for tenants', { cause: error });
}

it('runs the work once for every active tenant, in its context', async () => {
  const seen: unknown[] = [];
  await tenancy.forEach(async (tenant) => {
    await turn();
    seen.push([tenant.slug, tenancy.require().slug]);
  });
  expect(seen.sort()).toEqual(slugs.map((slug) => [slug, slug]).sort());
  expect(tenancy.current).toBeUndefined();
});

it('runs it for the tenants that `where` picks', async () => {
  const seen: string[] = [];
  const where = ({ slug }: { slug: string }) => slug === 's' || slug === 't3';
  await tenancy.forEach(({ slug }) => seen.push(slug), { where });
  expect(seen.sort()).toEqual(['s', 't3']);
});

it.each([
  [undefined, 4],
  [1, 1],
  [7, 7],
  [100, 20],
])('with concurrency %p, works on %d at once and no more', async (concurrency, expected) => {
  let atOnce = 0;
  let most = 0;
  await tenancy.forEach(
    async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      for (let turns = 0; turns < 3; turns += 1) await turn();
      atOnce -= 1;
    },
    concurrency === undefined ? {} : { concurrency },
  );
  expect(most).toBe(expected);
});

it.each([0, -1, 1.5, Number.NaN])(
  'refuses concurrency %p, which would do nothing',
  async (concurrency) => {
    const work = jest.fn();
    await expect(tenancy.forEach(work, { concurrency })).rejects.toThrow('concurrency');
    expect(work).not.toHaveBeenCalled();
  },
);

it('stops at a failure: what runs is awaited, the rest is counted', async () => {
  const ended: string[] = [];
  const failure = await failureOf(
    tenancy.forEach(
      async ({ slug }) => {
        if (slug === 't2') throw new Error('broken');
        for (let turns = 0; turns < 5; turns += 1) await turn();
        ended.push(slug);
      },
      { concurrency: 3 },
    ),
  );
  expect(ended.sort()).toEqual(['t0', 't1']);
  expect(failure).toMatchObject({ code: 'FOR_EACH_TENANT_FAILED', succeeded: 2, notStarted: 17 });
  expect([...failure.failures.keys()]).toEqual(['t2']);
  expect(failure.message).toContain('"t2"');
});

it('goes on after failures when told to, and names each tenant with its error', async () => {
  const failing = new Set(['t1', 't5', 't19']);
  const failure = await failureOf(
    tenancy.forEach(
      ({ slug }) => {
        if (failing.has(slug)) throw new Error(`broken ${slug}`);
      },
      { continueOnError: true },
    ),
  );
  expect(failure).toMatchObject({ succeeded: 17, notStarted: 0 });
  expect([...failure.failures].map(([slug, error]) => [slug, String(error)]).sort()).toEqual(
    [...failing].map((slug) => [slug, `Error: broken ${slug}`]).sort(),
  );
});

it('when the tenants cannot be listed to the end, fails after everything started has ended', async () => {
  const ended: string[] = [];
  const cut = new Tenancy({
    byReference: (reference) => list.byReference(reference),
    async *all() {
      yield* tenants.slice(0, 2);
      throw new Error('the central database went away');
    },
  });
  const failing = cut.forEach(async ({ slug }) => {
    for (let turns = 0; turns < 5; turns += 1) await turn();
    ended.push(slug);
  });
  await expect(failing).rejects.toThrow('the central database went away');
  expect(ended.sort()).toEqual(['t0', 't1']);
});

it('refuses to begin inside a tenant, and begins inside central work', async () => {
  const work = jest.fn();
  await tenancy.run('t0', async () => {
    expect(await codeOf(() => tenancy.forEach(work))).toBe('TENANT_SWITCH_REFUSED');
  });
  expect(work).not.toHaveBeenCalled();
  await tenancy.runCentral('nightly', () => tenancy.forEach(work));
  expect(work).toHaveBeenCalledTimes(20);
});

it('does not let the work enter another tenant', async () => {
  const failure = await failureOf(
    tenancy.forEach(() => tenancy.run('t0', () => 0), { continueOnError: true }),
  );
  expect(failure.failures.size).toBe(19);
  expect(failure.succeeded).toBe(1);
});
