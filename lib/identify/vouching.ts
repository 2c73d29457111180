import type { Authorize } from '../options/identifier.js';

/**
 * Who answers for a value that any client can write. One of the two is required for an identifier that can be forged:
 * without it the app does not start.
 */
export interface Vouching {
  /**
   * Decides whether the client of the request may act in the tenant that was found; asked on every request, so it should
   * answer from memory. False: 403. It runs before the app's guards, so it reads the credentials itself.
   */
  readonly authorize?: Authorize;
  /** True when a gateway in front sets the value and strips what clients send. Default false. */
  readonly trusted?: boolean;
}
