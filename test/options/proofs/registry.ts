import type { RegistryOptions } from '../../../lib/index.js';
import { until } from '../../support/until.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import type { Proofs } from './proof.js';

/** An app that differs in what it remembers of tenants, and how often it has asked the central database. */
async function remembering(app: AppOfEveryOption, options: RegistryOptions) {
  const { registry, tenants, pools } = await app.other({ registry: options });
  const asked = () => {
    const { reused, turned, opened } = pools.stats().central;
    return reused + turned + opened;
  };
  return { registry, tenants, asked };
}

export const REGISTRY_PROOFS: Proofs<AppOfEveryOption> = {
  async 'registry.maxTenants'(app) {
    const { registry, tenants, asked } = await remembering(app, { maxTenants: 1 });
    await tenants.create({ slug: 'other' });
    for (const slug of ['acme', 'other']) await registry.byReference(slug);
    const before = asked();
    await registry.byReference('other');
    expect(asked()).toBe(before);
    await registry.byReference('acme');
    expect(asked()).toBe(before + 1);
    await tenants.delete('other', { confirm: 'other', dropDatabase: true });
  },
  async 'registry.ttl'(app) {
    const { registry, asked } = await remembering(app, { ttl: 20 });
    await registry.byReference('acme');
    const before = asked();
    await until('it is read again', async () => {
      await registry.byReference('acme');
      return asked() > before;
    });
  },
  async 'registry.maxUnknown'(app) {
    const { registry, asked } = await remembering(app, { maxUnknown: 1 });
    const lookup = (value: string) => registry.lookup({ kind: 'slug', value });
    for (const slug of ['one', 'two']) expect(await lookup(slug)).toBeNull();
    const before = asked();
    expect(lookup('two')).toBeNull();
    expect(await lookup('one')).toBeNull();
    expect(asked()).toBe(before + 1);
  },
  async 'registry.unknownTtl'(app) {
    const { registry, asked } = await remembering(app, { unknownTtl: 20 });
    const lookup = () => registry.lookup({ kind: 'slug', value: 'nobody' });
    await lookup();
    const before = asked();
    await until('it is asked for again', async () => {
      await lookup();
      return asked() > before;
    });
  },
};
