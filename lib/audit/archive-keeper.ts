import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Keeps a file under a name, and resolves once it is there for good: its entries are deleted then. It may be given a name
 * again after a process was killed, with the same content.
 */
export type ArchiveKeeper = (name: string, content: Readable) => Promise<void>;

/** In a directory, readable by its owner only. A name is there with the whole file or not at all. */
export function keepInDirectory(directory: string): ArchiveKeeper {
  return async (name, content) => {
    await mkdir(directory, { recursive: true });
    const part = join(directory, `.${name}.${randomUUID()}`);
    try {
      await pipeline(content, createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }));
      await rename(part, join(directory, name));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    // Windows opens no directories; its file systems keep the name by themselves.
    if (process.platform === 'win32') return;
    const handle = await open(directory);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
}
