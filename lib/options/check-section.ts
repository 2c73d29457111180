import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { closest } from 'fastest-levenshtein';
import type { OptionIssue } from './errors.js';

type Section = new () => object;

/** What is wrong with one level of the options: keys that it does not have, nulls, values of the wrong kind. */
export function checkSection(section: Section, value: unknown, path: string): OptionIssue[] {
  if (!isPlainObject(value)) return [];
  const known = keysOf(section);
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const unknown = Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: at(key),
      problem: 'unknown option',
      remedy: `Did you mean "${closest(key, known)}"? Known here: ${known.join(', ')}`,
    }));
  const absent = Object.keys(value)
    .filter((key) => known.includes(key) && value[key] === null)
    .map((key) => ({ path: at(key), problem: 'is null', remedy: 'Leave it out for the default' }));
  const wrong = validateSync(Object.assign(new section(), value)).map((error) => ({
    path: at(error.property),
    problem: problemOf(error),
    remedy: 'See docs/03-CONFIGURATION.md for its meaning, unit and default',
  }));
  return [...unknown, ...absent, ...wrong];
}

function keysOf(section: Section): string[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(section, '', false, false);
  return [...new Set(metadata.map(({ propertyName }) => propertyName))];
}

function problemOf(error: ValidationError): string {
  const messages = Object.values(error.constraints ?? {});
  return messages.map((message) => message.replace(`${error.property} `, '')).join(', and ');
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
