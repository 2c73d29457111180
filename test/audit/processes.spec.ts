import { AuditRow, CENTRAL_CHAIN } from '../../lib/index.js';
import { ChildProgram, kill } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startAuditApp, type AuditApp } from './audit-app.js';
import type { Order } from './child.js';
import { ToldChild } from './told-child.js';

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/audit/child.ts');
});
afterAll(() => program.dispose());

describe.each(engines)('four processes on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: AuditApp;

  beforeAll(async () => {
    setup = await prepare();
    app = await startAuditApp(setup);
    await app.tenants.create({ slug: 'acme' });
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  it('record 20,000 entries at once, two are killed, and every answered one is in one unbroken chain', async () => {
    const { centralUrl, serverUrl, databasePrefix } = setup;
    const recorders = Array.from({ length: 4 }, () => new ToldChild<Order>(program.start()));
    const start = { centralUrl, serverUrl, databasePrefix };
    await Promise.all(recorders.map((recorder) => recorder.order({ start })));
    const orders = recorders.map((recorder, index) =>
      recorder.order({ record: 5_000, by: String(index), of: 'acme' }).catch(() => []),
    );
    const killed = recorders.slice(0, 2);
    await Promise.all(killed.map((victim, index) => victim.hasAnswers(500 + index * 1_000)));
    await Promise.all(killed.map(({ child }) => kill(child)));
    expect((await Promise.all(orders)).flat()).toEqual([]);

    const rows = await app.central.getRepository(AuditRow).findBy({ action: 'load.recorded' });
    const recorded = new Set(rows.map(({ actor }) => actor));
    const answered = recorders.flatMap((recorder) => [...recorder.answered]);
    expect(answered.filter((entry) => !recorded.has(entry))).toEqual([]);
    expect(recorded.size).toBe(rows.length);
    expect(killed.every((victim) => victim.answered.size < 5_000)).toBe(true);
    expect(answered.length).toBeGreaterThan(11_000);
    const { id } = await app.tenants.get('acme');
    for (const chain of [id, CENTRAL_CHAIN]) {
      const verdict = await app.tenancy.runCentral('test', () => app.audit.verify(chain));
      expect(verdict.problem).toBeUndefined();
      expect(verdict.entries).toBe(verdict.head?.seq);
    }
    await Promise.all(recorders.map(({ child }) => kill(child)));
  }, 300_000);
});
