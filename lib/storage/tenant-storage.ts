import { Inject, Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { requireTenant } from '../context/tenant-context.js';
import { StorageFileNotFoundError } from './errors.js';
import type { Pieces, StorageDisk, StoredFile } from './storage-disk.js';
import { namesOf } from './storage-path.js';

/** The disk of `TenantStorageModule`. */
export const STORAGE_DISK = Symbol.for('nestjs-tenancy:storage-disk');

export interface StorageUsage {
  readonly files: number;
  readonly bytes: number;
}

/**
 * The files of the tenant in context, below a folder that is named by its id. Every method throws
 * `TenantContextMissingError` without a tenant, and `StoragePathError` for a path that could lead out of the folder.
 */
@Injectable()
export class TenantStorage {
  constructor(@Inject(STORAGE_DISK) private readonly disk: StorageDisk) {}

  /**
   * Writes a file, in place of one that is there. Until all of it is written, and when that fails, what was there before
   * stays.
   * @param data all of it, or a stream, of which no more than some pieces are in memory at a time
   */
  async write(path: string, data: string | Uint8Array | Pieces): Promise<{ size: number }> {
    const folder = folderOf('TenantStorage.write()');
    const names = namesOf(path);
    const pieces = typeof data === 'string' || data instanceof Uint8Array ? only(data) : data;
    return { size: await this.disk.write(folder, names, pieces) };
  }

  /** All of a file. @throws StorageFileNotFoundError */
  async read(path: string): Promise<Buffer> {
    return buffer(await this.stream(path));
  }

  /** A file as a stream: read it to its end, or destroy it. @throws StorageFileNotFoundError */
  async stream(path: string): Promise<Readable> {
    const stream = await this.disk.open(folderOf('TenantStorage.stream()'), namesOf(path));
    if (stream === undefined) throw new StorageFileNotFoundError(path);
    return stream;
  }

  /** Size and time of a file, or undefined when there is none. */
  async stat(path: string): Promise<StoredFile | undefined> {
    return this.disk.stat(folderOf('TenantStorage.stat()'), namesOf(path));
  }

  /** @returns whether it was there */
  async delete(path: string): Promise<boolean> {
    return this.disk.delete(folderOf('TenantStorage.delete()'), namesOf(path));
  }

  /**
   * All files, or those below a folder, in no order.
   * @param path of the folder; default: the tenant's own
   */
  list(path?: string): AsyncIterable<StoredFile> {
    const folder = folderOf('TenantStorage.list()');
    return this.disk.list(folder, path === undefined ? [] : namesOf(path));
  }

  /**
   * What the tenant's files take. Counted where they are, so that it is right whoever writes and deletes meanwhile, and
   * after a crash; that takes some 50 µs for each file of a local disk, and a request for every 1,000 of S3.
   */
  async usage(): Promise<StorageUsage> {
    let files = 0;
    let bytes = 0;
    for await (const { size } of this.list()) {
      files += 1;
      bytes += size;
    }
    return { files, bytes };
  }

  /** Deletes every file of the tenant. @returns how many */
  async deleteAll(): Promise<number> {
    const folder = folderOf('TenantStorage.deleteAll()');
    let deleted = 0;
    for await (const { path } of this.disk.list(folder, [])) {
      if (await this.disk.delete(folder, path.split('/'))) deleted += 1;
    }
    return deleted;
  }
}

function folderOf(operation: string): string {
  return requireTenant(operation).id;
}

async function* only(data: string | Uint8Array): AsyncGenerator<string | Uint8Array> {
  yield data;
}
