import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { runForTenant } from '../../lib/context/tenant-context.js';
import { TenantStorage } from '../../lib/storage/index.js';
import { codeOf } from '../support/rejection.js';
import { seeded } from '../support/seeded.js';
import { tenantNamed } from '../support/tenant-list.js';
import { DISKS, listed, startS3, type TestDisk } from './disks.js';

const acme = tenantNamed('acme', { id: randomUUID() });
const globex = tenantNamed('globex', { id: randomUUID() });

describe.each(DISKS)('on %s', (_name, startDisk) => {
  let started: TestDisk;
  let storage: TenantStorage;
  const asAcme = <T>(work: () => T) => runForTenant(acme, work);
  const asGlobex = <T>(work: () => T) => runForTenant(globex, work);
  const pathsOf = async (path?: string) => (await listed(storage.list(path))).sort();

  beforeAll(async () => {
    started = await startDisk();
    storage = new TenantStorage(started.disk);
  });
  afterAll(() => started.stop());
  afterEach(() =>
    Promise.all([asAcme(() => storage.deleteAll()), asGlobex(() => storage.deleteAll())]),
  );

  it('files of the same path are each tenant’s own', async () => {
    for (const [as, text] of [
      [asAcme, 'of acme'],
      [asGlobex, 'of globex, longer'],
    ] as const) {
      await as(() => storage.write('a/b c é.txt', text));
    }
    expect((await asAcme(() => storage.read('a/b c é.txt'))).toString()).toBe('of acme');
    expect((await asGlobex(() => storage.read('a/b c é.txt'))).toString()).toBe(
      'of globex, longer',
    );
    expect(await asAcme(() => storage.usage())).toEqual({ files: 1, bytes: 7 });
    expect(await asGlobex(() => storage.usage())).toEqual({ files: 1, bytes: 17 });
    expect(await asAcme(() => storage.deleteAll())).toBe(1);
    expect(await asAcme(() => storage.usage())).toEqual({ files: 0, bytes: 0 });
    expect(await asGlobex(() => pathsOf())).toEqual(['a/b c é.txt']);
  });

  it('files are listed, looked at, replaced and deleted', () =>
    asAcme(async () => {
      for (const path of ['top', 'a/1', 'a/b/2', 'ab/3']) await storage.write(path, path);
      expect(await pathsOf()).toEqual(['a/1', 'a/b/2', 'ab/3', 'top']);
      expect(await pathsOf('a')).toEqual(['a/1', 'a/b/2']);
      expect(await pathsOf('nothing')).toEqual([]);
      expect(await storage.stat('a/b/2')).toEqual({
        path: 'a/b/2',
        size: 5,
        modified: expect.any(Date),
      });
      expect(await storage.write('top', 'x')).toEqual({ size: 1 });
      expect((await storage.read('top')).toString()).toBe('x');
      expect(await storage.delete('a/b/2')).toBe(true);
      expect(await storage.delete('a/b/2')).toBe(false);
      expect(await storage.stat('a/b/2')).toBeUndefined();
      expect(await codeOf(() => storage.read('a/b/2'))).toBe('STORAGE_FILE_NOT_FOUND');
    }));

  it('streams go in and out, of any size', () =>
    asAcme(async () => {
      for (const size of [0, 1, 8 * 1_024 * 1_024, 20_000_000]) {
        const data = Buffer.alloc(size, `${size} `);
        const pieces = function* () {
          for (let at = 0; at < size; at += 1_000_003) yield data.subarray(at, at + 1_000_003);
        };
        expect(await storage.write('big', Readable.from(pieces()))).toEqual({ size });
        expect((await buffer(await storage.stream('big'))).equals(data)).toBe(true);
        expect(await storage.usage()).toEqual({ files: 1, bytes: size });
      }
    }));

  it('a stream that breaks leaves what was there before', () =>
    asAcme(async () => {
      await storage.write('kept', 'before');
      for (const size of [10, 20_000_000]) {
        const breaking = async function* () {
          yield Buffer.alloc(size);
          throw new Error('broken');
        };
        await expect(storage.write('kept', breaking())).rejects.toThrow('broken');
        await expect(storage.write('new', breaking())).rejects.toThrow('broken');
      }
      expect((await storage.read('kept')).toString()).toBe('before');
      expect(await storage.usage()).toEqual({ files: 1, bytes: 6 });
    }));

  it('the usage is right after many have written and deleted at once', () =>
    asAcme(async () => {
      const worker = async (n: number) => {
        for (let round = 0; round < 5; round += 1) {
          await storage.write(`file-${n}`, Buffer.alloc(100 * n + round));
          if ((n + round) % 3 === 0) await storage.delete(`file-${n}`);
        }
        return (n + 4) % 3 === 0 ? 0 : 100 * n + 4;
      };
      const sizes = await Promise.all(Array.from({ length: 8 }, (_, n) => worker(n)));
      const kept = sizes.filter((size) => size > 0);
      expect(await storage.usage()).toEqual({
        files: kept.length,
        bytes: kept.reduce((sum, size) => sum + size, 0),
      });
    }));

  it('no path leads out of the tenant’s folder', () =>
    seeded(async (random) => {
      await asGlobex(() => storage.write('secret', 'of globex'));
      const parts =
        '.. . / // \\ %2e %2E%2e %2f %5c %252e%252e %252f %c0%ae ． ／ ․ ‥ \0 \n : C: ~ a b.txt é con';
      const pieces = [...parts.split(' '), ' ', globex.id, 'secret', '\ud800'];
      let accepted = 0;
      for (let n = 0; n < 2_000; n += 1) {
        const path = Array.from({ length: 1 + random.below(6) }, () => random.pick(pieces)).join(
          random.pick(['', '/', '/', '\\']),
        );
        const code = await codeOf(() => asAcme(() => storage.write(path, 'x')));
        if (code === 'STORAGE_PATH_INVALID') continue;
        expect([path, code]).toEqual([path, undefined]);
        accepted += 1;
        expect(await asAcme(() => pathsOf())).toContain(path);
        expect(await asAcme(() => storage.delete(path))).toBe(true);
      }
      expect(accepted).toBeGreaterThan(10);
      expect(await asGlobex(() => pathsOf())).toEqual(['secret']);
      expect((await asGlobex(() => storage.read('secret'))).toString()).toBe('of globex');
    }));

  it.each([
    '',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a/./b',
    'a//b',
    'a/',
    '..\\x',
    'a\\b',
    'a\0b',
    '%2e%2e/x',
    '%252e%252e%252fx',
    '..%2fx',
    '．．/x',
    'C:/x',
    'a. /b',
    'nul.txt',
    `${'a/'.repeat(500)}a`,
    'é'.repeat(128),
  ])('%j is refused by every method', async (path) => {
    const methods: (() => unknown)[] = [
      () => storage.write(path, ''),
      () => storage.read(path),
      () => storage.stream(path),
      () => storage.stat(path),
      () => storage.delete(path),
      () => listed(storage.list(path)),
    ];
    for (const method of methods) {
      expect(await codeOf(() => asAcme(method))).toBe('STORAGE_PATH_INVALID');
    }
  });

  it('without a tenant, every method is refused', async () => {
    const methods: (() => unknown)[] = [
      () => storage.write('a', ''),
      () => storage.read('a'),
      () => storage.stream('a'),
      () => storage.stat('a'),
      () => storage.delete('a'),
      () => listed(storage.list()),
      () => storage.usage(),
      () => storage.deleteAll(),
    ];
    for (const method of methods) expect(await codeOf(method)).toBe('TENANT_CONTEXT_MISSING');
  });

  it('a stream that nobody reads can be given up', () =>
    asAcme(async () => {
      await storage.write('a', Buffer.alloc(100_000));
      const stream = await storage.stream('a');
      stream.destroy();
      if (!stream.closed) await once(stream, 'close');
      expect(await storage.delete('a')).toBe(true);
    }));
});

it('a stream that S3 does not take is closed, not left half read', async () => {
  const started = await startS3();
  const storage = new TenantStorage(started.withoutBucket);
  const stream = Readable.from([1, 2, 3].map(() => Buffer.alloc(10_000_000)));
  await expect(runForTenant(acme, () => storage.write('a', stream))).rejects.toThrow(/bucket/i);
  expect(stream.destroyed).toBe(true);
  await started.stop();
});
