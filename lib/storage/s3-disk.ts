import { Logger } from '@nestjs/common';
import { Readable } from 'node:stream';
import { checkMethods, checkOptions, checkText } from './check-options.js';
import { StorageOptionsError } from './errors.js';
import type { Pieces, StorageDisk, StoredFile } from './storage-disk.js';

interface Place {
  readonly Bucket: string;
  readonly Key: string;
}

interface Part extends Place {
  readonly UploadId: string;
}

interface Listed {
  readonly Key?: string;
  readonly Size?: number;
  readonly LastModified?: Date;
}

/** What is used of the class `S3` of `@aws-sdk/client-s3`, so that no declaration file of this package asks for its types. */
export interface S3Client {
  putObject(input: Place & { Body: Buffer }): Promise<unknown>;
  getObject(input: Place): Promise<{ readonly Body?: unknown }>;
  headObject(
    input: Place,
  ): Promise<{ readonly ContentLength?: number; readonly LastModified?: Date }>;
  deleteObject(input: Place): Promise<unknown>;
  listObjectsV2(input: {
    readonly Bucket: string;
    readonly Prefix: string;
    readonly ContinuationToken?: string;
  }): Promise<{ readonly Contents?: Listed[]; readonly NextContinuationToken?: string }>;
  createMultipartUpload(input: Place): Promise<{ readonly UploadId?: string }>;
  uploadPart(
    input: Part & { PartNumber: number; Body: Buffer },
  ): Promise<{ readonly ETag?: string }>;
  completeMultipartUpload(
    input: Part & { MultipartUpload: { Parts: { PartNumber: number; ETag?: string }[] } },
  ): Promise<unknown>;
  abortMultipartUpload(input: Part): Promise<unknown>;
}

export interface S3DiskOptions {
  /** `new S3({ … })` of `@aws-sdk/client-s3`. The app destroys it. */
  readonly client: S3Client;
  readonly bucket: string;
  /** What all keys begin with: `uploads/`, say. Default: nothing. */
  readonly prefix?: string;
}

const S3_METHODS = [
  'putObject',
  'getObject',
  'headObject',
  'deleteObject',
  'listObjectsV2',
  'createMultipartUpload',
  'uploadPart',
  'completeMultipartUpload',
  'abortMultipartUpload',
] as const satisfies readonly (keyof S3Client)[];

/**
 * Files of a bucket of S3, or of any store that speaks its protocol.
 * @throws StorageOptionsError
 */
export function s3Disk(options: S3DiskOptions): StorageDisk {
  const of = 's3Disk()';
  checkOptions(of, options, ['client', 'bucket', 'prefix']);
  const { client, bucket, prefix = '' } = options;
  // The class `S3Client` of that package, which has none of them, is a likely mistake.
  checkMethods(of, 'client', client, S3_METHODS, '`new S3({ … })` of @aws-sdk/client-s3');
  checkText(of, 'bucket', bucket);
  if (typeof prefix !== 'string') throw new StorageOptionsError(of, '`prefix` is not a text');
  return new S3Disk(client, bucket, prefix);
}

/** Bytes of a part of an upload. S3 takes 10,000 of at least 5 MiB: files of up to 78 GiB. */
const PART = 8 * 1_024 * 1_024;

class S3Disk implements StorageDisk {
  private readonly logger = new Logger('TenantStorage');

  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly prefix: string,
  ) {}

  async write(folder: string, names: readonly string[], pieces: Pieces): Promise<number> {
    const place = this.placeOf(folder, names);
    const parts = inParts(pieces);
    const first = await parts.next();
    const Body = first.done ? Buffer.alloc(0) : first.value;
    try {
      if (Body.length >= PART) return await this.upload(place, Body, parts);
      await this.client.putObject({ ...place, Body });
      return Body.length;
    } finally {
      // The rest of a stream that was given up, else it would be open for ever.
      await parts.return(undefined);
    }
  }

  async open(folder: string, names: readonly string[]): Promise<Readable | undefined> {
    const found = await ifThere(this.client.getObject(this.placeOf(folder, names)));
    if (found === undefined) return undefined;
    if (!(found.Body instanceof Readable)) throw new TypeError('The client of S3 is not for node');
    return found.Body;
  }

  async stat(folder: string, names: readonly string[]): Promise<StoredFile | undefined> {
    const found = await ifThere(this.client.headObject(this.placeOf(folder, names)));
    return (
      found && {
        path: names.join('/'),
        size: found.ContentLength ?? 0,
        modified: found.LastModified ?? new Date(0),
      }
    );
  }

  async delete(folder: string, names: readonly string[]): Promise<boolean> {
    const found = await this.stat(folder, names);
    if (found === undefined) return false;
    await this.client.deleteObject(this.placeOf(folder, names));
    return true;
  }

  async *list(folder: string, names: readonly string[]): AsyncGenerator<StoredFile> {
    const { Bucket, Key } = this.placeOf(folder, names);
    const own = this.placeOf(folder, []).Key.length + 1;
    let ContinuationToken: string | undefined;
    do {
      const page = await this.client.listObjectsV2({
        Bucket,
        Prefix: `${Key}/`,
        ContinuationToken,
      });
      for (const { Key: key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
        yield { path: key.slice(own), size: Size, modified: LastModified };
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  /** In parts, which become the file together, when the last is there. */
  private async upload(
    place: Place,
    first: Buffer,
    parts: AsyncGenerator<Buffer>,
  ): Promise<number> {
    const { UploadId = '' } = await this.client.createMultipartUpload(place);
    const upload = { ...place, UploadId };
    try {
      const Parts: { PartNumber: number; ETag?: string }[] = [];
      let size = 0;
      const send = async (Body: Buffer) => {
        const PartNumber = Parts.length + 1;
        const { ETag } = await this.client.uploadPart({ ...upload, PartNumber, Body });
        Parts.push({ PartNumber, ETag });
        size += Body.length;
      };
      await send(first);
      for await (const part of parts) await send(part);
      await this.client.completeMultipartUpload({ ...upload, MultipartUpload: { Parts } });
      return size;
    } catch (error) {
      await this.client.abortMultipartUpload(upload).catch((aborting: unknown) => {
        this.logger.warn(
          `The parts of a failed upload of ${place.Key} are still in the bucket: ${String(aborting)}`,
        );
      });
      throw error;
    }
  }

  private placeOf(folder: string, names: readonly string[]): Place {
    return { Bucket: this.bucket, Key: this.prefix + [folder, ...names].join('/') };
  }
}

/** Pieces of {@link PART} bytes, but for the last. */
async function* inParts(pieces: Pieces): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece);
    waiting.push(bytes);
    size += bytes.length;
    if (size < PART) continue;
    let all = Buffer.concat(waiting);
    for (; all.length >= PART; all = all.subarray(PART)) yield all.subarray(0, PART);
    waiting = [all];
    size = all.length;
  }
  if (size > 0) yield Buffer.concat(waiting);
}

async function ifThere<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Error && ['NoSuchKey', 'NotFound'].includes(error.name)) return undefined;
    throw error;
  }
}
