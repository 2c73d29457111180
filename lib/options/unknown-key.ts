import { closest } from 'fastest-levenshtein';

/** What is wrong with options that have a key which is not known, and which was meant; undefined where they have none. */
export function unknownKey(options: object, known: readonly string[]): string | undefined {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return undefined;
  return `"${unknown}" is unknown. Did you mean "${closest(unknown, known)}"? Known here: ${known.join(', ')}`;
}
