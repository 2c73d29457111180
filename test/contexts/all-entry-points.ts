import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EntryPoint } from './entry-point.js';

const FOLDER = join(__dirname, 'entry-points');

/** The entry points of every file there, by the file's name, so that none is forgotten. */
export const ENTRY_POINTS: ReadonlyMap<string, readonly EntryPoint[]> = new Map(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, require(join(FOLDER, file)).entryPoints as readonly EntryPoint[]]),
);
