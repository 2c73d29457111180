import { S3 } from '@aws-sdk/client-s3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { localDisk, s3Disk, type StorageDisk, type StoredFile } from '../../lib/storage/index.js';

export interface TestDisk {
  readonly disk: StorageDisk;
  /** Where a local disk keeps its files. */
  readonly folder: string;
  stop(): Promise<void>;
}

async function startLocal(): Promise<TestDisk> {
  const outside = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-storage-'));
  const folder = join(outside, 'storage');
  return {
    disk: localDisk({ folder }),
    folder,
    stop: () => rm(outside, { recursive: true }),
  };
}

/** A server that speaks S3, over a folder. */
export async function startS3(): Promise<TestDisk & { readonly withoutBucket: StorageDisk }> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: folder,
    configureBuckets: [{ name: 'files', configs: [] }],
  });
  const { port } = await server.run();
  const client = new S3({
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return {
    disk: s3Disk({ client, bucket: 'files', prefix: 'app/' }),
    withoutBucket: s3Disk({ client, bucket: 'missing' }),
    folder,
    stop: async () => {
      client.destroy();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

export const DISKS: readonly (readonly [string, () => Promise<TestDisk>])[] = [
  ['a local disk', startLocal],
  ['S3', startS3],
];

/** The paths of a list. */
export async function listed(files: AsyncIterable<StoredFile>): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of files) paths.push(path);
  return paths;
}
