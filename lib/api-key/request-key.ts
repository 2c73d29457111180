import type { ApiKeyInfo } from './api-key-info.js';

const KEY = Symbol.for('nestjs-tenancy:api-key');

interface RememberingRequest {
  [KEY]?: ApiKeyInfo;
}

/** @param request as a guard gets it */
export function rememberKey(request: object, key: ApiKeyInfo): void {
  (request as RememberingRequest)[KEY] = key;
}

/** The key that a request was let in with. @param request as a guard gets it */
export function keyOf(request: object): ApiKeyInfo | undefined {
  return (request as RememberingRequest)[KEY];
}
