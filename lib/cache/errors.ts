import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** The store of the app cannot be emptied for one tenant alone. */
export class CacheClearRefusedError extends TenancyError {
  constructor() {
    super({
      code: 'CACHE_CLEAR_REFUSED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'clear() empties the cache of one tenant, and this Keyv store cannot list its keys: it could only be emptied ' +
        "for all of them. Flush tags instead, or use a store that has an iterator, 'redis', 'memory' or 'database'.",
    });
  }
}

/** The options of `TenantCacheModule` contradict each other or those of `TenancyModule`. */
export class CacheOptionsError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'CACHE_OPTIONS_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The options of TenantCacheModule are refused: ${problem}`,
    });
  }
}
