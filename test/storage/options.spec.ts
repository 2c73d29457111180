import { S3, S3Client } from '@aws-sdk/client-s3';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  localDisk,
  s3Disk,
  TenantStorageModule,
  type LocalDiskOptions,
  type S3DiskOptions,
  type TenantStorageOptions,
} from '../../lib/storage/index.js';

@Module({})
class Root {}

const refused = (problem: string) => ({
  code: 'STORAGE_OPTIONS_INVALID',
  message: expect.stringContaining(problem),
});

async function start(module: DynamicModule): Promise<void> {
  const root = { module: Root, imports: [module] };
  const app = await NestFactory.createApplicationContext(root, {
    logger: false,
    abortOnError: false,
  });
  await app.close();
}

const disk = localDisk({ folder: 'storage' });

it.each<[string, unknown]>([
  ['there are none', undefined],
  ['`disk` has no method write()', {}],
  ['`disk` has no method write()', { disk: 'storage' }],
  ['`disk` has no method list()', { disk: { ...methodsOf('write open stat delete') } }],
  ['Did you mean "disk"', { disk, dsik: disk }],
])('the start fails where %s', async (problem, options) => {
  const made = () => options as TenantStorageOptions;
  const module = TenantStorageModule.forRootAsync({ useFactory: made });
  await expect(start(module)).rejects.toMatchObject(refused(problem));
});

it('the start fails for options that are given at once, too', async () => {
  const module = TenantStorageModule.forRoot({} as TenantStorageOptions);
  await expect(start(module)).rejects.toMatchObject(refused('`disk`'));
});

it.each<[string, unknown]>([
  ['there are none', undefined],
  ['`folder` is missing or empty', {}],
  // Of a variable that the environment does not have: it would be the folder of the process.
  ['`folder` is missing or empty', { folder: '' }],
  ['Did you mean "folder"', { folder: 'storage', foldr: 'files' }],
])('a local disk is refused where %s', (problem, options) => {
  const make = () => localDisk(options as LocalDiskOptions);
  expect(make).toThrow(expect.objectContaining(refused(problem)));
});

const region = 'eu-central-1';

it.each<[string, unknown]>([
  ['there are none', undefined],
  ['`client` has no method putObject()', { bucket: 'files' }],
  ['new S3({ … })', { bucket: 'files', client: new S3Client({ region }) }],
  ['`bucket` is missing or empty', { client: new S3({ region }), bucket: '' }],
  ['`prefix` is not a text', { client: new S3({ region }), bucket: 'files', prefix: 1 }],
  ['Did you mean "prefix"', { client: new S3({ region }), bucket: 'files', perfix: 'app/' }],
])('a disk in S3 is refused where %s', (problem, options) => {
  const make = () => s3Disk(options as S3DiskOptions);
  expect(make).toThrow(expect.objectContaining(refused(problem)));
});

function methodsOf(names: string): Record<string, () => void> {
  return Object.fromEntries(names.split(' ').map((name) => [name, () => {}]));
}
