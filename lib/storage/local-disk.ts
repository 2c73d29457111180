import { constants, type Dirent, type Stats } from 'node:fs';
import { lstat, mkdir, open, opendir, rename, rmdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { checkOptions, checkText } from './check-options.js';
import { StoragePathError } from './errors.js';
import { codeOf, ifThere } from './if-there.js';
import { IncomingFiles } from './incoming-files.js';
import type { Pieces, StorageDisk, StoredFile } from './storage-disk.js';

export interface LocalDiskOptions {
  /** Where the tenants' folders are made. Nothing else should write there. */
  readonly folder: string;
}

/**
 * Files of a folder of this machine, or of a network disk that its processes share.
 * @throws StorageOptionsError
 */
export function localDisk(options: LocalDiskOptions): StorageDisk {
  checkOptions('localDisk()', options, ['folder']);
  const { folder } = options;
  // An empty one would be the folder that the process was started in.
  checkText('localDisk()', 'folder', folder);
  return new LocalDisk(resolve(folder));
}

/** Beside the tenants' folders, whose names are ids: files that are not whole yet. */
const INCOMING = '.incoming';

/** How often a folder is made again that somebody has removed because it was empty. */
const TRIES = 20;

/**
 * A symbolic link below the folder leads nowhere: one that was unpacked from an archive could lead to another tenant.
 */
class LocalDisk implements StorageDisk {
  private readonly incoming: IncomingFiles;

  constructor(private readonly root: string) {
    this.incoming = new IncomingFiles(join(root, INCOMING));
  }

  write(folder: string, names: readonly string[], pieces: Pieces): Promise<number> {
    return this.incoming.receive(pieces, (path) => this.moveTo(path, folder, names));
  }

  async open(folder: string, names: readonly string[]): Promise<Readable | undefined> {
    if ((await this.find(folder, names)) === undefined) return undefined;
    const handle = await ifThere(
      open(this.pathOf(folder, names), constants.O_RDONLY | constants.O_NOFOLLOW),
    );
    if (handle === undefined) return undefined;
    try {
      // Once more: a folder on the way may have become a link since.
      const [opened, found] = [await handle.stat(), await this.find(folder, names)];
      if (found?.ino === opened.ino) return handle.createReadStream();
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return this.open(folder, names);
  }

  async stat(folder: string, names: readonly string[]): Promise<StoredFile | undefined> {
    const found = await this.find(folder, names);
    return found && fileOf(names, found);
  }

  async delete(folder: string, names: readonly string[]): Promise<boolean> {
    if ((await this.find(folder, names)) === undefined) return false;
    const deleted = await ifThere(unlink(this.pathOf(folder, names)).then(() => true));
    await this.removeEmptyFolders(folder, names);
    return deleted ?? false;
  }

  async *list(folder: string, names: readonly string[]): AsyncGenerator<StoredFile> {
    for (let depth = 0; depth <= names.length; depth += 1) {
      const found = await ifThere(lstat(this.pathOf(folder, names.slice(0, depth))));
      if (!found?.isDirectory()) return;
    }
    const entries = await ifThere(opendir(this.pathOf(folder, names)));
    if (entries === undefined) return;
    for await (const entry of entries) yield* this.listEntry(folder, names, entry);
  }

  private async *listEntry(
    folder: string,
    parent: readonly string[],
    entry: Dirent,
  ): AsyncGenerator<StoredFile> {
    const names = [...parent, entry.name];
    if (entry.isDirectory()) yield* this.list(folder, names);
    if (!entry.isFile()) return;
    const found = await ifThere(lstat(this.pathOf(folder, names)));
    if (found !== undefined) yield fileOf(names, found);
  }

  private async moveTo(incoming: string, folder: string, names: readonly string[]): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      try {
        await this.makeFolders(folder, names);
        await rename(incoming, this.pathOf(folder, names));
        return;
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EISDIR' || code === 'ENOTEMPTY' || code === 'EEXIST') {
          throw new StoragePathError('there is a folder of that name');
        }
        if (code !== 'ENOENT' || tried === TRIES) throw error;
      }
    }
  }

  private async makeFolders(folder: string, names: readonly string[]): Promise<void> {
    for (let depth = 0; depth < names.length; depth += 1) {
      const path = this.pathOf(folder, names.slice(0, depth));
      await mkdir(path).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw error;
      });
      const found = await lstat(path);
      if (!found.isDirectory())
        throw new StoragePathError('one of its folders is a file or a link');
    }
  }

  /** The last first, until one is not empty. */
  private async removeEmptyFolders(folder: string, names: readonly string[]): Promise<void> {
    for (let depth = names.length - 1; depth > 0; depth -= 1) {
      try {
        await rmdir(this.pathOf(folder, names.slice(0, depth)));
      } catch (error) {
        const code = codeOf(error);
        if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT') return;
        throw error;
      }
    }
  }

  /** A file that no link is on the way to. */
  private async find(folder: string, names: readonly string[]): Promise<Stats | undefined> {
    for (let depth = 0; depth < names.length; depth += 1) {
      const found = await ifThere(lstat(this.pathOf(folder, names.slice(0, depth))));
      if (!found?.isDirectory()) return undefined;
    }
    const found = await ifThere(lstat(this.pathOf(folder, names)));
    return found?.isFile() ? found : undefined;
  }

  private pathOf(folder: string, names: readonly string[]): string {
    return join(this.root, folder, ...names);
  }
}

function fileOf(names: readonly string[], { size, mtimeMs }: Stats): StoredFile {
  return { path: names.join('/'), size, modified: new Date(mtimeMs) };
}
