import { isDuplicateEntry } from './mysql/error-kinds.js';
import { isUniqueViolation } from './sqlite/error-code.js';

/** Whether an error of a driver says that a unique key was violated. */
export function isDuplicateKey(driverError: unknown): boolean {
  return isDuplicateEntry(driverError) || isUniqueViolation(driverError);
}
