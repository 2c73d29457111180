import { setImmediate as turn } from 'node:timers/promises';
import { Tenancy } from '../../lib/context/tenancy.js';
import { codeOf } from '../support/rejection.js';
import { seeded, type Seeded } from '../support/seeded.js';
import { TenantList, tenantNamed } from '../support/tenant-list.js';

const tenants = ['a', 'b', 'c'].map((slug) => tenantNamed(slug));
const tenancy = new Tenancy(new TenantList(tenants));

/** Where the code is, as a model of the context has it: a tenant's slug, or central, or nowhere. */
type Place = string | undefined;

const CENTRAL_PLACE = 'central';

function checkToBeAt(place: Place): void {
  const slug = tenancy.current?.slug;
  const expected = place === CENTRAL_PLACE ? undefined : place;
  // Too often for `expect`, which takes fifty times as long.
  if (slug !== expected) throw new Error(`In ${slug}, and it should be ${expected}`);
}

/** Enters, throws, branches and waits at random, and checks before and after each step where it is. */
async function wander(random: Seeded, place: Place, depth: number): Promise<void> {
  for (let steps = random.below(4); steps > 0; steps -= 1) {
    checkToBeAt(place);
    if (depth > 0) await step(random, place, depth - 1);
    if (random.below(2) === 0) await turn();
    checkToBeAt(place);
  }
}

async function step(random: Seeded, place: Place, depth: number): Promise<void> {
  const throws = random.below(4) === 0;
  const inside = (now: Place) => async () => {
    await wander(random, now, depth);
    if (throws) throw new Error('on purpose');
  };
  const survive = (entered: Promise<void>) =>
    throws ? expect(entered).rejects.toThrow('on purpose') : entered;
  switch (random.below(4)) {
    case 0:
      return survive(tenancy.runCentral('wander', inside(CENTRAL_PLACE)));
    case 1: {
      await Promise.all([wander(random, place, depth), wander(random, place, depth)]);
      return;
    }
    default: {
      const tenant = random.pick(tenants);
      const reference = random.pick([tenant, tenant.id, tenant.slug]);
      const fromAnother = place !== undefined && place !== CENTRAL_PLACE && place !== tenant.slug;
      const entered = tenancy.run(reference, inside(tenant.slug));
      if (!fromAnother) return survive(entered);
      expect(await codeOf(() => entered)).toBe('TENANT_SWITCH_REFUSED');
    }
  }
}

it('wherever runs are nested, thrown out of and interleaved, each sees its own', async () => {
  await seeded(async (random) => {
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 5 }, () => wander(random, undefined, 6)));
      checkToBeAt(undefined);
    }
  });
});
