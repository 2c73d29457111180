import type { Readable } from 'node:stream';

/** A file of a tenant. */
export interface StoredFile {
  /** From the tenant's folder on, with `/` between the names. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** What comes in pieces: a stream of node, a web stream, an async generator. */
export type Pieces = AsyncIterable<Uint8Array | string>;

/** Where files are kept. `folder` is a tenant's; names are checked already. */
export interface StorageDisk {
  /** The whole file is there under its name, or what was there before. @returns its size in bytes */
  write(folder: string, names: readonly string[], pieces: Pieces): Promise<number>;
  /** Undefined where there is no such file. */
  open(folder: string, names: readonly string[]): Promise<Readable | undefined>;
  /** Undefined where there is no such file. */
  stat(folder: string, names: readonly string[]): Promise<StoredFile | undefined>;
  /** @returns whether it was there */
  delete(folder: string, names: readonly string[]): Promise<boolean>;
  /** All files below a folder of the tenant's; all that it has for no names. */
  list(folder: string, names: readonly string[]): AsyncIterable<StoredFile>;
}
