import { StoragePathError } from './errors.js';

/** Bytes: what S3 allows for a key, less the prefix and the tenant's id. */
const LONGEST_PATH = 900;
/** Bytes: what file systems allow. */
const LONGEST_NAME = 255;

/** Names that Windows takes for devices, whatever they end in. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * The names that a path is made of. Refused is what any system between here and the disk could read as a way out: also
 * encoded, once or more often, and in characters that are only normalised to dots and slashes.
 * @throws StoragePathError
 */
export function namesOf(path: string): readonly string[] {
  if (typeof path !== 'string' || path === '') throw new StoragePathError('it is empty');
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new StoragePathError(`it is longer than ${LONGEST_PATH} bytes`);
  }
  const names = path.split('/');
  for (const name of names) check(name);
  return names;
}

function check(name: string): void {
  if (name === '')
    throw new StoragePathError('it has an empty name: a "/" at an end, or two in a row');
  if (Buffer.byteLength(name) > LONGEST_NAME) {
    throw new StoragePathError(`one of its names is longer than ${LONGEST_NAME} bytes`);
  }
  if (/\p{Surrogate}/u.test(name)) throw new StoragePathError('it is no well-formed text');
  for (const reading of readingsOf(name)) {
    // oxlint-disable-next-line no-control-regex
    if (/[/\\:\u0000-\u001f\u007f]/.test(reading)) {
      throw new StoragePathError('it has a separator, a colon or a control character in a name');
    }
    if (/^\.+$|[. ]$/.test(reading)) {
      throw new StoragePathError('it has a name of dots, or one that ends in a dot or a space');
    }
    if (DEVICE.test(reading))
      throw new StoragePathError('it has a name that is a device on Windows');
  }
}

/** A name, and what it becomes when it is decoded or normalised, again and again. */
function readingsOf(name: string): readonly string[] {
  const readings = new Set<string>();
  const pending = [name];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (readings.has(next)) continue;
    readings.add(next);
    pending.push(next.normalize('NFKC'), decode(next));
  }
  return [...readings];
}

/** Byte by byte, so that what is no valid UTF-8 still shows what it hides. */
function decode(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
