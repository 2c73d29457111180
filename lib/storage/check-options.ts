import { unknownKey } from '../options/unknown-key.js';
import { StorageOptionsError } from './errors.js';

/**
 * Refuses what an app without types, or one whose environment lacks a variable, may give as options.
 * @param of what takes them, for the error
 * @param known the names of all of them
 * @throws StorageOptionsError
 */
export function checkOptions(of: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    throw new StorageOptionsError(of, 'there are none');
  }
  const unknown = unknownKey(given, known);
  if (unknown !== undefined) throw new StorageOptionsError(of, unknown);
}

/** @throws StorageOptionsError */
export function checkText(of: string, name: string, value: unknown): void {
  if (typeof value === 'string' && value.trim() !== '') return;
  throw new StorageOptionsError(of, `\`${name}\` is missing or empty`);
}

/**
 * @param what it has to be
 * @throws StorageOptionsError when it lacks one of `methods`
 */
export function checkMethods(
  of: string,
  name: string,
  value: unknown,
  methods: readonly string[],
  what: string,
): void {
  const has = (method: string) =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';
  const missing = methods.find((method) => !has(method));
  if (missing === undefined) return;
  throw new StorageOptionsError(of, `\`${name}\` has no method ${missing}(): give it ${what}`);
}
