import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestOf } from '../identify/request-of.js';
import type { ApiKeyInfo } from './api-key-info.js';
import { ApiKeyMissingError } from './errors.js';
import { keyOf } from './request-key.js';

/**
 * Hands the key that the request was let in with to a handler: `@CurrentApiKey() key: ApiKeyInfo`.
 * @throws ApiKeyMissingError on a route without `@ApiKey()`
 */
export const CurrentApiKey: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): ApiKeyInfo => {
    const request = requestOf(context);
    const key = request && keyOf(request);
    if (key === undefined) throw new ApiKeyMissingError();
    return key;
  },
);
