import { createHash } from 'node:crypto';

/** MySQL refuses names of locks over 64 characters. */
export function lockName(name: string): string {
  return name.length <= 64 ? name : createHash('sha256').update(name).digest('hex');
}
