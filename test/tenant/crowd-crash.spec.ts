import { once } from 'node:events';
import { PendingTenants } from '../../lib/tenant/pending-tenants.js';
import { Tenant } from '../../lib/index.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { Note } from '../support/notes.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { crowdOptions, type Crowd } from './crash/crowd.js';

const PENDING = 5;
/** Creations that stand still in one child, each with some connections. */
const AT_ONCE = 20;

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/tenant/crash/crowd-child.ts');
});
afterAll(() => program.dispose());

describe.each(engines)('creations from a template, killed on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  beforeEach(async () => {
    setup = await prepare();
    app = await startTenancyApp(setup, { options: { tenants: crowdOptions(setup, PENDING) } });
    app.context.get(PendingTenants).stop();
    // The two that the template is learnt from, and the one that proves it.
    for (const slug of ['first', 'second', 'third']) await app.tenants.create({ slug });
  });
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const begin = (
    crowd: Pick<Crowd, 'slugs' | 'pending' | 'topUp' | 'stopBefore' | 'dieBefore'>,
  ) => {
    const { centralUrl, serverUrl, databasePrefix } = setup;
    const child = program.next();
    child.send({ centralUrl, serverUrl, databasePrefix, ...crowd } satisfies Crowd);
    return child;
  };

  /** Has so many ready. */
  const fill = async (pending: number): Promise<void> => {
    const other = await startTenancyApp(setup, {
      options: { tenants: crowdOptions(setup, pending) },
    });
    await other.context.get(PendingTenants).topUp();
    await other.close();
  };

  /** Repairs every half tenant, every other by undoing it. */
  const repairAll = async (): Promise<number> => {
    const rows = await app.central.getRepository(Tenant).find({ order: { slug: 'ASC' } });
    const half = rows.filter(({ status }) => status === 'provisioning' || status === 'failed');
    for (const [index, { id }] of half.entries()) {
      await app.tenants.repair(id, { undo: index % 2 === 0 });
    }
    return half.length;
  };

  /** What is there is whole, and nothing else is there. */
  const verifyWhole = async (): Promise<readonly Tenant[]> => {
    const refilled = await startTenancyApp(setup, {
      options: { tenants: crowdOptions(setup, PENDING) },
    });
    try {
      await refilled.context.get(PendingTenants).topUp();
      const rows = await app.central.getRepository(Tenant).find();
      const databases = databasesOf(setup);
      expect((await databases.names()).toSorted()).toEqual(
        rows.map(({ placement }) => placement.database).toSorted(),
      );
      const pending = rows.filter(({ status }) => status === 'pending');
      expect(pending.length).toBeGreaterThanOrEqual(PENDING);
      const active = rows.filter(({ status }) => status !== 'pending');
      for (const { slug, status, step, placement } of active) {
        const notes = await databases.query(
          placement.database,
          'SELECT text FROM notes ORDER BY id',
        );
        expect({ slug, status, step, notes: notes.map(({ text }) => text) }).toEqual({
          slug,
          status: 'active',
          step: 'done',
          notes: ['migrated', 'seeded'],
        });
      }
      if (setup.admin !== undefined) {
        const prefix = setup.databasePrefix.replaceAll('_', '\\\\_');
        const accounts = await setup.admin(
          `SELECT DISTINCT user FROM mysql.db WHERE LEFT(db, ${prefix.length - prefix.split('\\\\').length + 1}) = '${prefix}'`,
        );
        expect(accounts).toHaveLength(rows.length);
      }
      for (const { slug } of active.slice(0, 3)) {
        const found = await app.tenants.get(slug);
        expect(
          await refilled.tenancy.run(slug, () =>
            refilled.pools.dataSource(found).getRepository(Note).count(),
          ),
        ).toBe(2);
      }
      return active;
    } finally {
      await refilled.close();
    }
  };

  it('fifty at once, at six moments: repair leaves none half', async () => {
    const slugs = (round: string) => Array.from({ length: 50 }, (_, n) => `t${n}-${round}`);
    const whole = begin({ slugs: slugs('whole'), pending: PENDING, topUp: true });
    const { total } = await nextMessage<{ total: number }>(whole);
    await kill(whole);
    let half = await repairAll();
    for (const share of [0.05, 0.2, 0.4, 0.6, 0.8, 0.95]) {
      const child = begin({
        slugs: slugs(String(share * 100)),
        pending: PENDING,
        topUp: true,
        dieBefore: Math.ceil(total * share),
      });
      const [, signal] = await once(child, 'exit');
      expect(signal).toBe('SIGKILL');
      half += await repairAll();
    }
    expect(half).toBeGreaterThan(20);
    const active = await verifyWhole();
    expect(active.filter(({ slug }) => slug.endsWith('-whole'))).toHaveLength(50);
  }, 240_000);

  // Of a file that one of them has locked the others would wait.
  if (name === 'sqlite') return;
  it.each([
    ['that is made', 0],
    ['that was ready', PENDING],
  ])(
    'before any statement of one %s: repair finishes or undoes it',
    async (_what, pending) => {
      const claims = pending > 0;
      if (claims) await fill(PENDING);
      const single = begin({ slugs: ['model'], pending, topUp: false });
      const [all] = (await nextMessage<{ statements: number[] }>(single)).statements as [number];
      await kill(single);
      expect(all).toBeGreaterThan(5);
      for (let first = 1; first <= all; first += AT_ONCE) {
        const length = Math.min(AT_ONCE, all - first + 1);
        const stopBefore = Array.from({ length }, (_, index) => first + index);
        const slugs = stopBefore.map((n) => `before-${n}`);
        if (claims) await fill(AT_ONCE);
        const child = begin({ slugs, pending, topUp: false, stopBefore });
        await nextMessage(child);
        await kill(child);
      }
      expect(await repairAll()).toBeGreaterThan(2);
      const active = await verifyWhole();
      expect(active.length).toBeGreaterThan(4);
    },
    120_000,
  );
});
