import { Tenancy } from '../../lib/context/tenancy.js';
import { codeOf } from '../support/rejection.js';
import { TenantList, tenantNamed } from '../support/tenant-list.js';

const [a, b] = [tenantNamed('a'), tenantNamed('b')];
const unready = (['provisioning', 'failed', 'deleted'] as const).map((status) =>
  tenantNamed(status, { status }),
);
const unserved = (['suspended', 'blocked'] as const).map((status) =>
  tenantNamed(status, { status }),
);
const tenancy = new Tenancy(new TenantList([a, b, ...unready, ...unserved]));
const slug = () => tenancy.current?.slug;

describe('run', () => {
  it.each([
    ['a tenant', a],
    ['its id', a.id],
    ['its slug', a.slug],
  ])('enters by %s and returns what the work returns', async (_by, reference) => {
    const seen = await tenancy.run(reference, () => [tenancy.current, tenancy.require()]);
    expect(seen).toEqual([a, a]);
    expect(slug()).toBeUndefined();
  });

  it('restores what was before after a throw and after a rejection', async () => {
    const failures = [
      tenancy.run(a, () => {
        throw new Error('thrown');
      }),
      tenancy.run(a, async () => {
        await Promise.resolve();
        throw new Error('rejected');
      }),
    ];
    for (const failure of failures) await expect(failure).rejects.toThrow(/thrown|rejected/);
    expect(slug()).toBeUndefined();
    await tenancy.runCentral('outer', async () => {
      await expect(tenancy.run(a, () => Promise.reject(new Error('inner')))).rejects.toThrow();
      expect(slug()).toBeUndefined();
      await expect(async () => tenancy.require()).rejects.toThrow('"outer"');
    });
  });

  it('refuses a name that no tenant has', async () => {
    expect(await codeOf(() => tenancy.run('nope', slug))).toBe('TENANT_NOT_FOUND');
  });

  it.each(unready)('refuses a tenant that is $status', async (tenant) => {
    expect(await codeOf(() => tenancy.run(tenant, slug))).toBe('TENANT_NOT_READY');
    expect(await codeOf(() => tenancy.run(tenant.slug, slug))).toBe('TENANT_NOT_READY');
  });

  it.each(unserved)('enters a tenant that is $status', async (tenant) => {
    expect(await tenancy.run(tenant.id, slug)).toBe(tenant.slug);
  });

  it('may be nested for the same tenant, and refuses another', async () => {
    await tenancy.run(a, async () => {
      expect(await tenancy.run('a', slug)).toBe('a');
      expect(await codeOf(() => tenancy.run('b', slug))).toBe('TENANT_SWITCH_REFUSED');
      expect(await codeOf(() => tenancy.run(b, slug))).toBe('TENANT_SWITCH_REFUSED');
      expect(slug()).toBe('a');
    });
  });
});

describe('runCentral', () => {
  it('leaves the tenant, lets another be entered, and returns to the tenant', async () => {
    await tenancy.run(a, async () => {
      const inner = await tenancy.runCentral('compare', async () => [
        slug(),
        await tenancy.run(b, slug),
        slug(),
      ]);
      expect(inner).toEqual([undefined, 'b', undefined]);
      expect(slug()).toBe('a');
    });
  });

  it('gives its reason to whoever misses a tenant in it', async () => {
    const missing = tenancy.runCentral('nightly report', () => tenancy.require());
    await expect(missing).rejects.toThrow(/the context is central \("nightly report"\)/);
    expect(await codeOf(() => tenancy.require())).toBe('TENANT_CONTEXT_MISSING');
  });

  it.each(['', '  '])('refuses the reason %j', async (reason) => {
    await expect(tenancy.runCentral(reason, slug)).rejects.toThrow('needs a reason');
  });
});
