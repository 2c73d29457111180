import { ApiKeyService, type ApiKeyOptions } from '../../../lib/index.js';
import { ApiKeyAuthenticator } from '../../../lib/api-key/api-key-authenticator.js';
import { until } from '../../support/until.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import type { Proofs } from './proof.js';

/** An app that differs in its options of keys, and how often it has asked the central database. */
async function withKeys(app: AppOfEveryOption, apiKeys: ApiKeyOptions) {
  const { context, pools } = await app.other({ apiKeys });
  const authenticator = context.get(ApiKeyAuthenticator);
  const asked = () => {
    const { reused, turned, opened } = pools.stats().central;
    return reused + turned + opened;
  };
  return {
    create: () => context.get(ApiKeyService).central.create({ name: 'proof' }),
    ask: async (key: string) => authenticator.authenticate({ headers: { 'x-api-key': key } }),
    asked,
  };
}

export const API_KEY_PROOFS: Proofs<AppOfEveryOption> = {
  async 'apiKeys.prefix'(app) {
    const { create } = await withKeys(app, { prefix: 'acme_live' });
    expect((await create()).key).toMatch(/^acme_live_[0-9a-f]{16}_/);
  },
  async 'apiKeys.ttl'(app) {
    const { create, ask, asked } = await withKeys(app, { ttl: 20 });
    const { key } = await create();
    await ask(key);
    const before = asked();
    await until('it is read again', async () => {
      await ask(key);
      return asked() > before;
    });
  },
  async 'apiKeys.maxKeys'(app) {
    const { create, ask, asked } = await withKeys(app, { maxKeys: 1 });
    const [one, other] = [await create(), await create()];
    await ask(one.key);
    await ask(other.key);
    const before = asked();
    await ask(other.key);
    expect(asked()).toBe(before);
    await ask(one.key);
    expect(asked()).toBe(before + 1);
  },
};
