import assert from 'node:assert/strict';
import { startContextsApp } from '../app.js';
import type { EntryPoint } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { codeOf } from '../../support/rejection.js';
import { ON_PURPOSE } from '../witness.js';

const run: EntryPoint = {
  name: 'tenancy.run',
  refusal: 'TENANT_CONTEXT_MISSING',
  async start(databases) {
    const app = await startContextsApp(databases, {});
    const { tenancy, witness } = app;
    return {
      app,
      enter: (tenant, key) => tenancy.run(tenant, () => witness.look(key)),
      async fail(tenant, key) {
        const failing = tenancy.run(tenant, () => witness.fail(key));
        await assert.rejects(failing, { message: ON_PURPOSE });
      },
      withoutTenant: (key) => codeOf(() => witness.look(key)),
      stop: () => app.close(),
    };
  },
};

const forEach: EntryPoint = {
  name: 'tenancy.forEach',
  refusal: 'TENANT_CONTEXT_MISSING',
  async start(databases) {
    const app = await startContextsApp(databases, {});
    const { tenancy, witness } = app;
    return {
      app,
      /** For all of them at once; what the one has seen is given. */
      async enter(slug, key) {
        const seen = new Map<string, Seen>();
        await tenancy.forEach(async (tenant) => seen.set(tenant.slug, await witness.look(key)));
        return seen.get(slug)!;
      },
      async fail(slug, key) {
        const failing = tenancy.forEach((tenant) =>
          tenant.slug === slug ? witness.fail(key) : witness.look(key),
        );
        await assert.rejects(failing, { code: 'FOR_EACH_TENANT_FAILED' });
      },
      withoutTenant: (key) =>
        codeOf(() => tenancy.runCentral('look as nobody', () => witness.look(key))),
      stop: () => app.close(),
    };
  },
};

export const entryPoints: readonly EntryPoint[] = [run, forEach];
