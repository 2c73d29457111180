import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** Something was used that needs Redis, and the options name none. */
export class RedisNotConfiguredError extends TenancyError {
  constructor(operation: string) {
    super({
      code: 'REDIS_NOT_CONFIGURED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${operation} needs Redis, but the options name none. ` +
        "Give redis: { url: 'redis://host:6379' } to TenancyModule, or set TENANCY_REDIS_URL.",
    });
  }
}

/** Redis cannot be reached, or did not answer in time. */
export class RedisUnavailableError extends TenancyError {
  constructor(reason: string, cause?: unknown) {
    super({
      code: 'REDIS_UNAVAILABLE',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message:
        `Redis is unavailable: ${reason}. The connection is opened again by itself as soon as the server ` +
        'of redis.url answers.',
      retryAfter: 1,
      cause,
    });
  }
}
