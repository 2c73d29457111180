import { ChildProgram, kill } from '../support/child-program.js';
import { engines } from '../support/engines.js';
import { hostOf, type Work } from './crash/crashing-app.js';
import { Deaths, NEVER, type Death } from './crash/deaths.js';

const SERVED = {
  status: 'active',
  step: 'done',
  failure: null,
  host: true,
  tables: ['cache', 'cache_locks', 'migrations', 'notes', 'sessions'],
  migrations: ['CreateCacheAndSessions1000000000002', 'CreateNotes1700000000001'],
  notes: ['migrated', 'seeded'],
  served: 2,
};
const NOTHING = { status: null, host: false, accounts: 0, tables: null };

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/tenant/crash/child.ts');
});
afterAll(() => program.dispose());

describe.each(engines)('a process killed before any of its statements on $name', (engine) => {
  /** Which half of the deaths is finished and which undone differs between engines. */
  const offset = engines.indexOf(engine);
  const accounts = engine.name === 'sqlite' ? 0 : 1;
  const WHOLE = { ...SERVED, accounts };
  const planned: Partial<Record<Work | 'create beside', Death[]>> = {};
  let deaths: Deaths;

  beforeAll(async () => {
    deaths = new Deaths(engine, program);
    await deaths.count();
    const adopted = positions('adopt');
    const failing = positions('create and fail');
    const { all, reserved, created } = positions('create');
    planned['create'] = await deaths.planAll('create', 1, all);
    planned['create beside'] = await deaths.planAll('create', reserved + 1, created, 'b-');
    planned['create and fail'] = await deaths.planAll(
      'create and fail',
      failing.seeded + 1,
      failing.all,
    );
    planned['adopt'] = await deaths.planAll('adopt', adopted.reserved + 1, adopted.all);
    planned['rotate'] = await deaths.planAll('rotate', 1, positions('rotate').all);
    planned['delete'] = await deaths.planAll('delete', 1, positions('delete').all);
    await deaths.die(Object.values(planned).flat());
  }, 90_000);
  afterAll(() => deaths.close(), 60_000);

  /** Where, counted from 1, the turning points of a work are among its statements; 0 for those that it has not. */
  function positions(work: Work) {
    const statements = deaths.statements.get(work) ?? [];
    const first = (pattern: RegExp) => statements.findIndex((sql) => pattern.test(sql)) + 1;
    return {
      all: statements.length,
      reserved: first(/^COMMIT/),
      created: first(/^createDatabase/),
      notes: first(/^CREATE TABLE .notes/),
      recorded: statements.findLastIndex((sql) => /^INSERT INTO .*migrations/.test(sql)) + 1,
      seeded: first(/^seed/),
      statusChanged: first(/^UPDATE .*\bstatus\b/),
      dropped: first(work === 'rotate' ? /^dropAccount/ : /^dropDatabase/),
      made: first(/^createAccount/),
      /** Of a creation that fails: that it is undone is on record. */
      undoing: statements.findLastIndex((sql) => sql === 'withLock') + 1,
    };
  }

  /** The outcome of every death by its tenant's slug, so that a comparison names those that differ. */
  async function outcomes(
    work: keyof typeof planned,
    of: (death: Death) => unknown,
  ): Promise<Record<string, unknown>> {
    const all = planned[work] ?? [];
    expect(all.length).toBeGreaterThan(2);
    const entries = all.map(async (death) => [death.slug, await of(death)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  it('while it creates a tenant: repair finishes it, or undoes it', async () => {
    const { all, reserved, created, statusChanged } = positions('create');
    expect(all).toBeGreaterThan(25);
    expect(created).toBeGreaterThan(reserved);
    const undone = ({ stopBefore }: Death) => (stopBefore + offset) % 2 === 0;

    const states = await outcomes('create', async (death) => {
      const tenants = await deaths.tenantsOf(death);
      const before = (await tenants.find(death.slug))?.status ?? null;
      if (before !== null) await tenants.repair(death.slug, { undo: undone(death) });
      return { ...(await deaths.stateOf(death)), before };
    });
    expect(states).toEqual(
      await outcomes('create', (death) => {
        if (death.stopBefore <= reserved) return { ...NOTHING, before: null };
        if (death.stopBefore > statusChanged) return { ...WHOLE, before: 'active' };
        return { ...(undone(death) ? NOTHING : WHOLE), before: 'provisioning' };
      }),
    );
  });

  it('while it creates one, and somebody makes a database of that name: it stays theirs', async () => {
    const states = await outcomes('create beside', async (death) => {
      await deaths.makeForeign(death);
      const tenants = await deaths.tenantsOf(death);
      await expect(tenants.repair(death.slug)).rejects.toMatchObject({
        code: 'TENANT_PROVISIONING_FAILED',
        message: expect.stringContaining(`already has a database "${deaths.databaseOf(death)}"`),
      });
      const { status } = await tenants.get(death.slug);
      expect(await tenants.repair(death.slug, { undo: true })).toBeNull();
      const treasure = await deaths.treasureOf(death);
      return { ...(await deaths.stateOf(death)), before: status, treasure };
    });
    expect(states).toEqual(
      await outcomes('create beside', () => ({
        ...NOTHING,
        tables: ['treasure'],
        before: 'failed',
        treasure: [{ gold: 42 }],
      })),
    );
  });

  it('while it undoes a failed creation: repair ends that, or finishes the creation', async () => {
    const { dropped, undoing, seeded } = positions('create and fail');
    expect(undoing).toBeGreaterThan(seeded);
    expect(dropped).toBe(undoing + 1);
    const states = await outcomes('create and fail', async (death) => {
      await (await deaths.tenantsOf(death)).repair(death.slug);
      return deaths.stateOf(death);
    });
    expect(states).toEqual(
      await outcomes('create and fail', ({ stopBefore }) =>
        stopBefore < undoing ? WHOLE : NOTHING,
      ),
    );
  });

  it('while it adopts a database: repair finishes it, and what was in it stays', async () => {
    // Also where the app's own migration is there in part: the database may not be emptied, so it goes on with that.
    const states = await outcomes('adopt', async (death) => {
      const tenants = await deaths.tenantsOf(death);
      await tenants.repair(death.slug);
      const { status } = await tenants.get(death.slug);
      const undone = await tenants.repair(death.slug, { undo: true });
      return {
        status,
        undone: undone?.status ?? null,
        notes: await deaths.notesOf(death),
        accounts: await deaths.accountsOf(death),
        treasure: await deaths.treasureOf(death),
      };
    });
    expect(states).toEqual(
      await outcomes('adopt', () => ({
        status: 'active',
        undone: 'active',
        notes: ['migrated', 'seeded'],
        accounts,
        treasure: [{ gold: 42 }],
      })),
    );
  });

  it('while it deletes a tenant with its database: repair drops it', async () => {
    const { statusChanged } = positions('delete');
    const states = await outcomes('delete', async (death) => {
      const tenants = await deaths.tenantsOf(death);
      const repaired = await tenants.repair(death.slug);
      return { ...(await deaths.stateOf(death)), step: repaired?.step };
    });
    expect(states).toEqual(
      await outcomes('delete', ({ stopBefore }) =>
        stopBefore <= statusChanged
          ? WHOLE
          : { status: 'deleted', step: 'dropped', host: true, accounts: 0, tables: null },
      ),
    );
  });

  if (accounts > 0) {
    it('while it rotates an account: it is served meanwhile, and repair drops what is left', async () => {
      const states = await outcomes('rotate', async (death) => {
        const { accounts: left, ...state } = {
          accounts: 0,
          ...(await deaths.stateOf(death)),
        };
        expect(state).toEqual(SERVED);
        const tenants = await deaths.tenantsOf(death);
        await tenants.repair(death.slug);
        return { ...(await deaths.stateOf(death)), left };
      });
      const both = ({ stopBefore }: Death) => {
        const { made, dropped } = positions('rotate');
        return stopBefore > made && stopBefore <= dropped;
      };
      expect(states).toEqual(
        await outcomes('rotate', (death) => ({ ...WHOLE, left: both(death) ? 2 : 1 })),
      );
    });

    it('while it rotates an account: the next rotation drops what is left, too', async () => {
      const { all } = positions('rotate');
      const again = await deaths.planAll('rotate', 1, all, 'again-');
      await deaths.die(again);
      for (const death of again) {
        await (await deaths.tenantsOf(death)).rotateCredentials(death.slug);
        expect([death.slug, await deaths.stateOf(death)]).toEqual([death.slug, WHOLE]);
      }
    });
  }

  describe('and two that work on one tenant:', () => {
    const HALF_WAY = 15;

    it('while the creation lives, repair waits for it, but not for ever', async () => {
      const death = await deaths.plan('create', HALF_WAY, 'live-');
      const { child } = await deaths.begin([death]);
      const { tenants, pools } = await deaths.appOf(death.place);
      const central = pools.centralAdministration;
      const waits: number[] = [];
      let patience = 200;
      Object.defineProperty(pools, 'centralAdministration', {
        configurable: true,
        value: {
          withLock: (lock: string, timeout: number, work: () => Promise<unknown>) => {
            waits.push(timeout);
            return central.withLock(lock, Math.min(patience, timeout), work);
          },
        },
      });
      await expect(tenants.repair(death.slug)).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
      expect(await tenants.get(death.slug)).toMatchObject({ status: 'provisioning' });

      patience = Infinity;
      let repaired = false;
      const repairing = tenants.repair(death.slug).then(() => (repaired = true));
      await tenants.get(death.slug);
      expect(repaired).toBe(false);
      await kill(child);
      await repairing;
      expect(waits).toEqual([10_000, 10_000]);
      expect(await deaths.stateOf(death)).toEqual(WHOLE);
    });

    it('two repairs at once finish it once', async () => {
      const death = await deaths.plan('create', HALF_WAY, 'twice-');
      await deaths.die([death]);
      const other = await deaths.startApp(death.place);
      const { tenants } = await deaths.appOf(death.place);
      const seeds = deaths.seeds;
      const repairs = [tenants.repair(death.slug), other.tenants.repair(death.slug)];
      for (const repaired of await Promise.all(repairs)) {
        expect(repaired).toMatchObject({ status: 'active' });
      }
      await other.close();
      expect(deaths.seeds).toBe(seeds + 1);
      expect(await deaths.stateOf(death)).toEqual(WHOLE);
    });

    it('repair of a whole tenant does nothing', async () => {
      const death = await deaths.plan('create', NEVER, 'whole-');
      const tenants = await deaths.tenantsOf(death);
      const whole = await tenants.create({ slug: death.slug, domains: [hostOf(death.slug)] });
      await tenants.suspend(whole);
      expect(await tenants.repair(whole)).toMatchObject({ status: 'suspended' });
      expect(await tenants.repair(whole, { undo: true })).toMatchObject({ status: 'suspended' });
      await tenants.activate(whole);
      expect(await deaths.stateOf(death)).toEqual(WHOLE);
    });
  });
});
