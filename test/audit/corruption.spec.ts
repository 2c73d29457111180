import { randomBytes, randomInt } from 'node:crypto';
import { AuditRow, CENTRAL_CHAIN, type AuditVerdict } from '../../lib/index.js';
import { AuditChain } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { KEYS, startAuditApp, type AuditApp } from './audit-app.js';

const ENTRIES = 60;

describe.each(engines)('a chain on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: AuditApp;
  let rows: Omit<AuditRow, 'ofChain'>[];
  let head: AuditChain;
  /** All that an entry holds, but for its place. */
  let columns: readonly string[];

  beforeAll(async () => {
    setup = await prepare();
    app = await startAuditApp(setup);
    await app.tenancy.runCentral('test', () =>
      Promise.all(
        Array.from({ length: ENTRIES }, (_, number) =>
          app.audit.record({ action: 'a.b', actor: `u${number}`, details: { number } }),
        ),
      ),
    );
    rows = await log().find({ where: { chain: CENTRAL_CHAIN }, order: { seq: 'ASC' } });
    head = await heads().findOneByOrFail({ chain: CENTRAL_CHAIN });
    const { ownColumns } = log().metadata;
    columns = ownColumns.map(({ propertyName }) => propertyName).filter((name) => !(name in at(1)));
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });
  afterEach(restore);

  const log = () => app.central.getRepository(AuditRow);
  const heads = () => app.central.getRepository(AuditChain);
  const at = (seq: number) => ({ chain: CENTRAL_CHAIN, seq });
  const verify = (): Promise<AuditVerdict> =>
    app.tenancy.runCentral('test', () => app.audit.verify());

  async function restore(): Promise<void> {
    await log().deleteAll();
    await heads().save(head);
    await log().insert(rows);
  }

  /** Does something random to the rows. @returns the first entry that is wrong by it */
  async function corrupt(): Promise<number> {
    const seq = randomInt(1, ENTRIES + 1);
    const kind = randomInt(5);
    if (kind === 0) {
      await log().delete(at(seq));
      return seq;
    }
    if (kind === 1) {
      const count = randomInt(1, 6);
      for (let one = seq; one < seq + count; one += 1) await log().delete(at(one));
      return seq;
    }
    if (kind === 2) {
      const other = seq === ENTRIES ? 1 : randomInt(seq + 1, ENTRIES + 1);
      await log().update(at(seq), { seq: -1 });
      await log().update(at(other), { seq });
      await log().update(at(-1), { seq: other });
      return Math.min(seq, other);
    }
    if (kind === 3) {
      // Truncated, with what was left of it as the end of the rows.
      for (let one = seq; one <= ENTRIES; one += 1) await log().delete(at(one));
      return seq;
    }
    const column = columns[randomInt(columns.length)]!;
    const value = column === 'at' ? randomInt(1, 1_000_000) : randomBytes(8).toString('hex');
    await log().update(at(seq), { [column]: value });
    return seq;
  }

  it('that nobody touched is valid', async () => {
    expect(await verify()).toMatchObject({
      valid: true,
      entries: ENTRIES,
      head: { seq: ENTRIES, hash: rows.at(-1)?.hash },
    });
  });

  it('names the first wrong entry of each of 1,000 random corruptions', async () => {
    expect(columns).toEqual(expect.arrayContaining(['at', 'actor', 'details', 'previous', 'hash']));
    for (let round = 0; round < 1_000; round += 1) {
      const seq = await corrupt();
      const { valid, problem } = await verify();
      expect({ valid, seq: problem?.seq }).toEqual({ valid: false, seq });
      await restore();
    }
  }, 300_000);

  it('misses what is cut off together with a head that was changed to match', async () => {
    await log().delete(at(ENTRIES));
    const { hash } = rows[ENTRIES - 2]!;
    await heads().update({ chain: CENTRAL_CHAIN }, { seq: ENTRIES - 1, hash });
    expect((await verify()).problem).toMatchObject({ kind: 'head-changed', seq: ENTRIES });
    // Not forgotten when the chain goes on, and its head is signed again.
    await app.tenancy.runCentral('test', () => app.audit.record({ action: 'a.c' }));
    expect((await verify()).problem).toMatchObject({ kind: 'head-changed', seq: ENTRIES });
  });

  it('misses rows that were put behind its end', async () => {
    await log().insert({ ...rows[0]!, id: 'added', seq: ENTRIES + 1 });
    expect((await verify()).problem).toMatchObject({ seq: ENTRIES + 1 });
  });

  it('misses all of it, and what was set back with its old head, by a checkpoint', async () => {
    const { head: checkpoint } = await verify();
    await app.tenancy.runCentral('test', () => app.audit.record({ action: 'a.c' }));
    const later = (await verify()).head;
    const withLater = (known: typeof later) =>
      app.tenancy.runCentral('test', () => app.audit.verify(undefined, known));
    expect(await withLater(checkpoint)).toMatchObject({ valid: true });
    expect(await withLater(later)).toMatchObject({ valid: true });
    await restore();
    expect(await verify()).toMatchObject({ valid: true });
    expect((await withLater(later)).problem).toMatchObject({ kind: 'removed', seq: ENTRIES + 1 });
    await log().deleteAll();
    await heads().deleteAll();
    expect((await withLater(checkpoint)).problem).toMatchObject({ kind: 'removed', seq: 1 });
  });

  it('goes on under a new key, and is not verified without the old one', async () => {
    const rotated = await startAuditApp(setup, { keys: [KEYS[1]!, KEYS[0]!] });
    await rotated.tenancy.runCentral('test', () => rotated.audit.record({ action: 'a.c' }));
    const verdict = await rotated.tenancy.runCentral('test', () => rotated.audit.verify());
    expect(verdict).toMatchObject({ valid: true, entries: ENTRIES + 1 });
    const keyIds = new Set((await log().find()).map(({ keyId }) => keyId));
    expect(keyIds.size).toBe(2);
    await rotated.close();
    const without = await startAuditApp(setup, { keys: [KEYS[1]!] });
    const blind = await without.tenancy.runCentral('test', () => without.audit.verify());
    expect(blind.problem).toMatchObject({ kind: 'key-missing', seq: 1 });
    await without.close();
  });
});
