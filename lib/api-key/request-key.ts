import type { ApiKeyInfo } from './api-key-info.js';

const KEY = Symbol.for('nestjs-tenancy:api-key');
const COUNTED = Symbol.for('nestjs-tenancy:api-key-counted');

interface RememberingRequest {
  [KEY]?: ApiKeyInfo;
  [COUNTED]?: Promise<void> | undefined;
}

/** @param request as a guard gets it */
export function rememberKey(request: object, key: ApiKeyInfo): void {
  (request as RememberingRequest)[KEY] = key;
}

/** The key that a request was let in with. @param request as a guard gets it */
export function keyOf(request: object): ApiKeyInfo | undefined {
  return (request as RememberingRequest)[KEY];
}

/** Counts a request, once for all who have it counted; at once where there is nothing to count. @param request as a guard gets it */
export function countOnce(
  request: object,
  count: () => Promise<void> | undefined,
): Promise<void> | undefined {
  return ((request as RememberingRequest)[COUNTED] ??= count());
}
