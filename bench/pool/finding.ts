import type { Bound } from '../harness/bounds.js';
import type { Stoppable } from '../harness/stopping.js';

/** What a part of a command found, and what is demanded of it. */
export interface Finding {
  readonly figures: object;
  readonly bounds: readonly Bound[];
}

/** Has something stopped when the command ends. */
export type Keep = <S extends Stoppable>(started: S) => S;
