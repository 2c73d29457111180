import { engines } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { conform } from './conform.js';
import type { EntryPoint, Slug, StartedEntryPoint } from './entry-point.js';
import { entryPoints } from './entry-points/tenancy.js';
import { SENSES } from './senses/index.js';

const [sound] = entryPoints as [EntryPoint];

/** A sound entry point but for what `changed` makes of it. */
function broken(changed: (started: StartedEntryPoint) => Partial<StartedEntryPoint>): EntryPoint {
  return {
    ...sound,
    async start(databases) {
      const started = await sound.start(databases);
      return { ...started, ...changed(started) };
    },
  };
}

const otherOf = (tenant: Slug): Slug => (tenant === 'first' ? 'second' : 'first');

/** What an entry point may do wrong, and what the suite says of it. */
const WRONG: Record<string, [EntryPoint, RegExp]> = {
  'enters another tenant once in a while': [
    broken(({ enter }) => {
      let units = 0;
      return {
        enter: (tenant, key) => enter(++units % 97 === 0 ? otherOf(tenant) : tenant, key),
      };
    }),
    /database under "k\d", in the work of (first|second)/,
  ],
  'writes to another tenant, and shows what was asked for': [
    broken(({ enter }) => ({
      async enter(tenant, key) {
        await enter(otherOf(tenant), key);
        return Object.fromEntries(SENSES.map(({ name }) => [name, tenant]));
      },
      fail: () => enter('first', 'k0').then(() => {}),
    })),
    /has \d+ of its \d+ writes/,
  ],
  'looks at nothing': [broken(() => ({ enter: async () => ({}) })), /was not looked at/],
  'lets work without a tenant through': [
    broken(({ enter }) => ({ withoutTenant: (key) => enter('first', key) })),
    /without a tenant/,
  ],
  'refuses it with another error': [
    broken(() => ({ withoutTenant: async () => 'ECONNRESET' })),
    /without a tenant/,
  ],
  'loses a failure': [
    broken(({ app }) => ({
      fail: (tenant, key) => app.tenancy.run(tenant, () => app.witness.fail(key)),
    })),
    /on purpose/,
  ],
};

describe.each(engines.slice(0, 1))('the suite on $name finds an entry point that', (engine) => {
  it.each(Object.keys(WRONG))('%s', async (name) => {
    const [entryPoint, problem] = WRONG[name]!;
    const setup = await prepareInMemory(engine);
    try {
      await expect(conform(entryPoint, setup)).rejects.toThrow(problem);
    } finally {
      await setup.cleanUp();
    }
  });
});
