import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runForTenant } from '../../lib/context/tenant-context.js';
import { localDisk, TenantStorage, TenantStorageModule } from '../../lib/storage/index.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { codeOf } from '../support/rejection.js';
import { Seeded, seeded } from '../support/seeded.js';
import { tenantNamed } from '../support/tenant-list.js';
import { DISKS, listed, type TestDisk } from './disks.js';

const [[, startLocal]] = DISKS as [(typeof DISKS)[number]];
const acme = tenantNamed('acme', { id: randomUUID() });
const globex = tenantNamed('globex', { id: randomUUID() });

let started: TestDisk;
let storage: TenantStorage;
const asAcme = <T>(work: () => T) => runForTenant(acme, work);
beforeEach(async () => {
  started = await startLocal();
  storage = new TenantStorage(started.disk);
});
afterEach(() => started.stop());

it('symbolic links lead nowhere: of files, of folders, of the tenant’s own', async () => {
  const outside = dirname(started.folder);
  const own = join(started.folder, acme.id);
  const other = join(started.folder, globex.id);
  await mkdir(own, { recursive: true });
  await mkdir(other);
  await writeFile(join(other, 'secret'), 'of globex');
  await writeFile(join(outside, 'secret'), 'of the machine');
  await symlink(join(other, 'secret'), join(own, 'link'));
  await symlink(other, join(own, 'folder'));
  await symlink('../..', join(own, 'up'));
  for (const path of ['link', 'folder/secret', 'up/secret']) {
    expect(await codeOf(() => asAcme(() => storage.read(path)))).toBe('STORAGE_FILE_NOT_FOUND');
    expect(await asAcme(() => storage.stat(path))).toBeUndefined();
    expect(await asAcme(() => storage.delete(path))).toBe(false);
  }
  expect(await asAcme(() => listed(storage.list()))).toEqual([]);
  expect(await asAcme(() => listed(storage.list('folder')))).toEqual([]);
  for (const path of ['folder/new', 'up/new']) {
    expect(await codeOf(() => asAcme(() => storage.write(path, 'x')))).toBe('STORAGE_PATH_INVALID');
  }
  // In place of the link, not through it.
  await asAcme(() => storage.write('link', 'own'));
  expect(await readFile(join(other, 'secret'), 'utf8')).toBe('of globex');
  expect(await readdir(other)).toEqual(['secret']);
  expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('of the machine');
});

it('a tenant whose very folder is a link has no files', async () => {
  const other = join(started.folder, globex.id);
  await mkdir(other, { recursive: true });
  await writeFile(join(other, 'secret'), 'of globex');
  await symlink(other, join(started.folder, acme.id));
  expect(await asAcme(() => storage.usage())).toEqual({ files: 0, bytes: 0 });
  expect(await codeOf(() => asAcme(() => storage.read('secret')))).toBe('STORAGE_FILE_NOT_FOUND');
  expect(await codeOf(() => asAcme(() => storage.write('a', 'x')))).toBe('STORAGE_PATH_INVALID');
});

it('a folder is no file, and a file no folder', async () => {
  await asAcme(() => storage.write('a/b', 'x'));
  expect(await codeOf(() => asAcme(() => storage.write('a', 'x')))).toBe('STORAGE_PATH_INVALID');
  expect(await codeOf(() => asAcme(() => storage.write('a/b/c', 'x')))).toBe(
    'STORAGE_PATH_INVALID',
  );
  expect(await asAcme(() => storage.stat('a'))).toBeUndefined();
});

// S3 promises the same of itself.
it('a reader of a file that is replaced has one or the other, whole', () =>
  asAcme(async () => {
    const of = (n: number) => Buffer.alloc(300_000, n);
    await storage.write('shared', of(0));
    const writing = (async () => {
      for (let n = 1; n <= 20; n += 1) await storage.write('shared', of(n));
    })();
    for (let n = 0; n < 20; n += 1) {
      const read = await storage.read('shared');
      expect(read.equals(of(read[0]!))).toBe(true);
    }
    await writing;
  }));

it('the usage is right after many have written and deleted the same files at once', () =>
  seeded(async (random) => {
    await asAcme(async () => {
      const paths = ['a', 'b/c', 'b/d', 'e/f/g', 'e/f/h'];
      const worker = async (own: Seeded) => {
        for (let n = 0; n < 20; n += 1) {
          const path = own.pick(paths);
          if (own.next() < 0.4) await storage.delete(path);
          else await storage.write(path, Buffer.alloc(own.below(2_000)));
          await storage.usage();
        }
      };
      await Promise.all(Array.from({ length: 8 }, () => worker(new Seeded(random.below(2 ** 31)))));
      let [files, bytes] = [0, 0];
      for (const path of paths) {
        const found = await storage.stat(path);
        if (found === undefined) continue;
        files += 1;
        bytes += (await storage.read(path)).length;
      }
      expect(await storage.usage()).toEqual({ files, bytes });
    });
  }));

it('a process that is killed while it writes leaves the file as it was, and the usage right', async () => {
  await asAcme(() => storage.write('file', 'before'));
  const program = new ChildProgram('test/storage/writing-process.ts');
  try {
    const child = program.start(started.folder, acme.id);
    await nextMessage(child);
    await kill(child);
    expect((await asAcme(() => storage.read('file'))).toString()).toBe('before');
    expect(await asAcme(() => storage.usage())).toEqual({ files: 1, bytes: 6 });
  } finally {
    await program.dispose();
  }
});

it('what a killed process has left is removed when it is a day old, and nothing that may still be written', async () => {
  const incoming = join(started.folder, '.incoming');
  const fragments = () => readdir(incoming);
  const program = new ChildProgram('test/storage/writing-process.ts');
  try {
    const child = program.start(started.folder, acme.id);
    await nextMessage(child);
    await kill(child);
  } finally {
    await program.dispose();
  }
  const [fragment] = await fragments();
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  const writeInNewProcess = () =>
    asAcme(() => new TenantStorage(localDisk({ folder: started.folder })).write('file', 'x'));
  await utimes(join(incoming, fragment!), hoursAgo(23), hoursAgo(23));
  await writeInNewProcess();
  expect(await fragments()).toEqual([fragment]);
  await utimes(join(incoming, fragment!), hoursAgo(25), hoursAgo(25));
  await writeInNewProcess();
  expect(await fragments()).toEqual([]);
  expect((await asAcme(() => storage.read('file'))).toString()).toBe('x');
});

it('the module gives the storage to the app', async () => {
  @Module({
    imports: [
      TenantStorageModule.forRootAsync({
        useFactory: () => ({ disk: localDisk({ folder: started.folder }) }),
      }),
    ],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  await asAcme(() => app.get(TenantStorage).write('a', 'x'));
  await app.close();
  expect(await readdir(join(started.folder, acme.id))).toEqual(['a']);
});

it('counts 10,000 files', async () => {
  const folder = join(started.folder, acme.id, 'many');
  await mkdir(folder, { recursive: true });
  for (let n = 0; n < 10_000; n += 1) await writeFile(join(folder, String(n)), 'x');
  const begun = performance.now();
  expect(await asAcme(() => storage.usage())).toEqual({ files: 10_000, bytes: 10_000 });
  console.log(`10,000 files counted in ${Math.round(performance.now() - begun)} ms`);
});
