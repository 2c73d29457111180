import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import {
  AuditRow,
  type AuditArchive,
  type AuditArchiveOptions,
  type AuditArchiveVerdict,
  type AuditCheckpoint,
  type AuditVerdict,
} from '../../lib/index.js';
import { ChildProgram } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { KEYS, startAuditApp, type AuditApp } from './audit-app.js';

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/audit/child.ts');
});
afterAll(() => program.dispose());

describe.each(engines)('archives on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: AuditApp;
  let directory: string;
  let count = 0;

  beforeAll(async () => {
    setup = await prepare();
    app = await startAuditApp(setup);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'audit-archive-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** A tenant with entries 1 to `entries`, the first `old` of which are of 1970. */
  async function tenant(entries: number, old = entries): Promise<string> {
    count += 1;
    const { id, slug } = await app.tenants.create({ slug: `tenant-${count}` });
    jest.spyOn(Date, 'now').mockReturnValue(0);
    await record(slug, old);
    jest.restoreAllMocks();
    await record(slug, entries - old);
    return id;
  }

  async function record(of: string, entries: number): Promise<void> {
    const details = { note: 'größer\u2028als 日本 🎉\r\n', number: 1 };
    await app.tenancy.run(of, () =>
      Promise.all(
        Array.from({ length: entries }, () => app.audit.record({ action: 'a.b', details })),
      ),
    );
  }

  const onCentral = <T>(work: () => Promise<T>) => app.tenancy.runCentral('test', work);
  const archive = (
    chain: string,
    options: Partial<AuditArchiveOptions> = {},
    by = app,
  ): Promise<readonly AuditArchive[]> =>
    by.tenancy.runCentral('test', () =>
      by.audit.archive({ before: new Date(1_000), to: directory, ...options }, chain),
    );
  const verify = (chain: string): Promise<AuditVerdict> => onCentral(() => app.audit.verify(chain));
  const rows = (chain: string) => app.central.getRepository(AuditRow).countBy({ chain });
  const read = (name: string) => readFile(join(directory, name));
  async function verifyArchive(
    content: Buffer | string,
    after?: AuditCheckpoint,
  ): Promise<AuditArchiveVerdict> {
    async function* chunks() {
      const bytes = Buffer.from(content);
      for (let at = 0; at < bytes.length; at += 1_001) yield bytes.subarray(at, at + 1_001);
    }
    return app.audit.verifyArchive(chunks(), after);
  }

  it('takes out what is old, and the chain goes on from it', async () => {
    const chain = await tenant(7, 4);
    const [made, ...others] = await archive(chain);
    expect(others).toEqual([]);
    expect(made).toMatchObject({ chain, from: 1, to: 4 });
    expect(await readdir(directory)).toEqual([made!.name]);
    expect((await stat(join(directory, made!.name))).mode & 0o777).toBe(0o600);
    // Three that are young, and the one that says so.
    expect(await rows(chain)).toBe(4);
    const { entries } = await onCentral(() => app.audit.query({ limit: 1 }, chain));
    expect(entries[0]).toMatchObject({
      seq: 8,
      action: 'audit.archived',
      details: { name: made!.name, from: 1, to: 4, sha256: made!.sha256 },
    });
    const archived = await verifyArchive(await read(made!.name));
    expect(archived).toMatchObject({ valid: true, entries: 4, head: { chain, seq: 4 } });
    const verdict = await verify(chain);
    expect(verdict).toMatchObject({ valid: true, entries: 4, archived: archived.head });
    expect(await archive(chain)).toEqual([]);
  });

  it('an archive goes on from the one before it', async () => {
    const chain = await tenant(3);
    const [first] = await archive(chain);
    const [second] = await archive(chain, { before: new Date(Date.now() + 1_000) });
    expect(second).toMatchObject({ from: 4, to: 4 });
    const { head } = await verifyArchive(await read(first!.name));
    const next = await read(second!.name);
    expect(await verifyArchive(next, head)).toMatchObject({ valid: true, entries: 1 });
    const start = { chain, seq: 0, hash: '0'.repeat(64) };
    expect(await verifyArchive(next, start)).toMatchObject({
      valid: false,
      problem: { kind: 'removed', seq: 1 },
    });
    expect(await verifyArchive(await read(first!.name), start)).toMatchObject({ valid: true });
    expect(await verify(chain)).toMatchObject({ valid: true, archived: { seq: 4 } });
  });

  it('each of 500 random changes of an archive is found', async () => {
    const chain = await tenant(20);
    const [made] = await archive(chain);
    const content = await read(made!.name);
    const lines = content.toString().trimEnd().split('\n');
    const text = (some: readonly string[]) => `${some.join('\n')}\n`;
    const changes: (() => Buffer | string)[] = [
      () => {
        const changed = Buffer.from(content);
        const at = randomInt(changed.length);
        changed[at]! ^= 1 << randomInt(7);
        return changed;
      },
      () => content.subarray(0, randomInt(content.length - 1)),
      () => text(lines.toSpliced(randomInt(lines.length), 1)),
      () => text(lines.toSpliced(randomInt(lines.length), 0, lines[randomInt(20)]!)),
      () => {
        const at = randomInt(20);
        return text(lines.toSpliced(at, 2, lines[at + 1]!, lines[at]!));
      },
      () => `${content.toString()}${lines[0]}\n`,
    ];
    for (let round = 0; round < 500; round += 1) {
      const changed = changes[round % changes.length]!();
      expect(await verifyArchive(changed)).toMatchObject({ valid: false });
    }
    const without = await startAuditApp(setup, { keys: [KEYS[1]!] });
    const blind = await without.audit.verifyArchive(Readable.from([content]));
    expect(blind.problem).toMatchObject({ kind: 'key-missing', seq: 1 });
    await without.close();
  });

  it('a chain that does not verify stays as it is', async () => {
    const chain = await tenant(5);
    await app.central.getRepository(AuditRow).update({ chain, seq: 3 }, { actor: 'eve' });
    await expect(archive(chain)).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN' });
    expect(await readdir(directory)).toEqual([]);
    expect(await rows(chain)).toBe(5);
    const shortened = await tenant(5);
    await app.central.query(
      `UPDATE tenancy_audit_chains SET archived_seq = 1 WHERE chain = '${shortened}'`,
    );
    await expect(archive(shortened)).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN' });
    expect(await verify(shortened)).toMatchObject({ valid: false });
  });

  it('what could not be kept stays', async () => {
    const chain = await tenant(5);
    const full = async (_name: string, content: Readable) => {
      await buffer(content);
      throw new Error('The disk is full.');
    };
    await expect(archive(chain, { to: full })).rejects.toThrow('The disk is full.');
    const forgetful = async () => {};
    await expect(archive(chain, { to: forgetful })).rejects.toMatchObject({
      code: 'AUDIT_ARCHIVE_UNREAD',
    });
    await writeFile(join(directory, 'file'), '');
    await expect(archive(chain, { to: join(directory, 'file', 'below') })).rejects.toThrow();
    expect(await rows(chain)).toBe(5);
    expect(await archive(chain)).toHaveLength(1);
  });

  it('a process that is killed before it takes out what it kept loses nothing', async () => {
    const chain = await tenant(5);
    const child = program.start();
    const { centralUrl, serverUrl, databasePrefix } = setup;
    child.send({ start: { centralUrl, serverUrl, databasePrefix } });
    await once(child, 'message');
    child.send({ dieWhileArchiving: chain, to: directory });
    await once(child, 'exit');
    expect(await readdir(directory)).toHaveLength(1);
    expect(await rows(chain)).toBe(5);
    const [made] = await archive(chain);
    expect(await readdir(directory)).toEqual([made!.name]);
    expect(await verifyArchive(await read(made!.name))).toMatchObject({ valid: true, entries: 5 });
    expect(await verify(chain)).toMatchObject({ valid: true, archived: { seq: 5 } });
  }, 60_000);

  it('two at once, while it is recorded, make archives that follow on each other', async () => {
    const chain = await tenant(10_005);
    const other = await startAuditApp(setup);
    const { slug } = await app.tenants.get(chain);
    const [one, two] = await Promise.all([
      archive(chain),
      archive(chain, {}, other),
      record(slug, 100),
    ]);
    await other.close();
    const made = [...one, ...two].toSorted((a, b) => a.from - b.from);
    expect(made).toMatchObject([
      { from: 1, to: 10_000 },
      { from: 10_001, to: 10_005 },
    ]);
    let after: AuditCheckpoint = { chain, seq: 0, hash: '0'.repeat(64) };
    for (const { name } of made) {
      const { valid, head } = await verifyArchive(await read(name), after);
      expect(valid).toBe(true);
      after = head!;
    }
    expect(await verify(chain)).toMatchObject({ valid: true, entries: 102, archived: after });
  }, 120_000);
});
