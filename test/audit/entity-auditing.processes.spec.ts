import type { AuditEntry } from '../../lib/index.js';
import { ChildProgram, kill } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { Invoice, startAuditedApp, type AuditedApp } from './audited-app.js';
import type { EntityOrder } from './entity-child.js';
import { ToldChild } from './told-child.js';

type Writer = ToldChild<EntityOrder>;

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/audit/entity-child.ts');
});
afterAll(() => program.dispose());

describe.each(engines)('processes that change audited entities on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: AuditedApp;

  beforeAll(async () => {
    setup = await prepare();
    app = await startAuditedApp(setup);
    for (const slug of ['a', 'b', 'c']) await app.tenants.create({ slug });
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  async function startWriters(amount: number): Promise<readonly Writer[]> {
    const { centralUrl, serverUrl, databasePrefix } = setup;
    const writers = Array.from(
      { length: amount },
      () => new ToldChild<EntityOrder>(program.start()),
    );
    const start = { centralUrl, serverUrl, databasePrefix };
    await Promise.all(writers.map((writer) => writer.order({ start })));
    return writers;
  }

  const stored = (slug: string) =>
    app.tenancy.run(slug, async () => {
      const invoices = await app.dataSource.manager.find(Invoice, { select: { title: true } });
      return invoices.map(({ title }) => title).toSorted();
    });
  const titleOf = ({ details }: AuditEntry) => (details as { after: Invoice }).after.title;
  const recorded = async (slug: string) => (await app.entries(slug)).map(titleOf).toSorted();

  /** Each change that is there is recorded once, and nothing else is. */
  async function expectRecorded(slug: string): Promise<void> {
    expect(await recorded(slug)).toEqual(await stored(slug));
    expect(await app.outbox(slug)).toEqual([]);
    const verdict = await app.tenancy.run(slug, () => app.audit.verify());
    expect(verdict.problem).toBeUndefined();
    expect(verdict.entries).toBe(verdict.head?.seq);
  }

  it('leave one entry for each change, two of four killed in between', async () => {
    const writers = await startWriters(4);
    const orders = writers.map((writer, index) =>
      writer.order({ save: 300, by: String(index), of: ['a', 'b'] }).catch(() => []),
    );
    const killed = writers.slice(0, 2);
    const killing = killed.map(async (victim, index) => {
      await victim.hasAnswers(20 + index * 60);
      await kill(victim.child);
    });
    await Promise.all(killing);
    expect((await Promise.all(orders)).flat()).toEqual([]);

    for (const slug of ['a', 'b']) await expectRecorded(slug);
    const there = new Set([...(await recorded('a')), ...(await recorded('b'))]);
    const answered = writers.flatMap((writer) => [...writer.answered]);
    expect(answered.filter((title) => !there.has(title))).toEqual([]);
    expect(killed.every((victim) => victim.answered.size < 300)).toBe(true);
    expect(answered.length).toBeGreaterThan(680);
    await Promise.all(writers.map(({ child }) => kill(child)));
  }, 300_000);

  it('that are killed before they forward leave it to others, three of which do it at once', async () => {
    const [first, ...others] = await startWriters(3);
    await app.central.query('ALTER TABLE tenancy_audit_log RENAME TO elsewhere');
    expect(await first?.order({ save: 60, by: 'killed', of: ['c', 'c'] })).toEqual([]);
    await kill(first!.child);
    expect(await app.outbox('c')).toHaveLength(60);
    await app.central.query('ALTER TABLE elsewhere RENAME TO tenancy_audit_log');
    const settling = app.tenancy.run('c', () => app.audit.settle());
    const failures = await Promise.all(others.map((other) => other.order({ settle: 'c' })));
    await settling;
    expect(failures).toEqual([[], []]);
    expect(await recorded('c')).toHaveLength(60);
    await expectRecorded('c');
    await Promise.all(others.map(({ child }) => kill(child)));
  }, 120_000);
});
