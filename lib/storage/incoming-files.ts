import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from './if-there.js';
import type { Pieces } from './storage-disk.js';

/** Milliseconds without a byte after which a file is taken for one that a killed process has left. */
const ABANDONED = 24 * 3_600_000;
/** Milliseconds between two looks for such. */
const LOOK_AGAIN = 3_600_000;

/** A folder of files that are not whole yet, of all processes that share a disk. */
export class IncomingFiles {
  private readonly logger = new Logger('TenantStorage');
  private looked = -Infinity;

  constructor(private readonly folder: string) {}

  /**
   * Writes a file, and has it taken from here when all of it is on the disk. Nothing of it stays.
   * @param take moves the file of that path to its place
   * @returns its size in bytes
   */
  async receive(pieces: Pieces, take: (path: string) => Promise<void>): Promise<number> {
    await mkdir(this.folder, { recursive: true });
    await this.removeAbandoned();
    const path = join(this.folder, randomUUID());
    try {
      const size = await writeWhole(path, pieces);
      await take(path);
      return size;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** When this process writes for the first time, and now and then from then on. */
  private async removeAbandoned(): Promise<void> {
    if (performance.now() - this.looked < LOOK_AGAIN) return;
    this.looked = performance.now();
    try {
      for (const name of await readdir(this.folder))
        await removeIfAbandoned(join(this.folder, name));
    } catch (error) {
      // They are only in the way: what is to be written is written.
      this.logger.warn(`What killed processes have left in ${this.folder} stays: ${String(error)}`);
    }
  }
}

async function removeIfAbandoned(path: string): Promise<void> {
  // Gone meanwhile: it was taken from here, or another process has removed it.
  const found = await ifThere(lstat(path));
  if (found?.isFile() && Date.now() - found.mtimeMs > ABANDONED) await rm(path, { force: true });
}

/** All of it on the disk. */
async function writeWhole(path: string, pieces: Pieces): Promise<number> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(pieces);
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}
