import { Inject, Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { whenKnown } from '../identify/now-or-later.js';
import {
  InvalidTenantKey,
  type ApiKeyDirectory,
  type ApiKeyOwner,
  type IdentifiableRequest,
} from '../options/identifier.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { ApiKeyInvalidError } from './errors.js';
import { hashOf, idIn } from './key-text.js';
import type { KnownKey } from './known-key.js';
import { KnownKeys } from './known-keys.js';
import { LastUses } from './last-uses.js';
import { SEVERAL_KEYS, sentKey } from './sent-key.js';

/** What became of a request's key. */
export type Authentication = KnownKey | ApiKeyInvalidError | undefined;

/** Compared with where there is no key: so what an unknown key costs is what a wrong one costs. */
const NO_HASH = Buffer.alloc(32);

/** Says whose valid key a request carries. */
@Injectable()
export class ApiKeyAuthenticator implements ApiKeyDirectory {
  private readonly prefix: string;

  constructor(
    private readonly keys: KnownKeys,
    private readonly lastUses: LastUses,
    @Inject(TENANCY_OPTIONS) { apiKeys }: ResolvedTenancyOptions,
  ) {
    this.prefix = apiKeys.prefix;
  }

  /** The key, the error that it is refused with, or undefined when there is none. At once where the key is known. */
  authenticate(
    request: Pick<IdentifiableRequest, 'headers'>,
  ): Authentication | Promise<Authentication> {
    const text = sentKey(request, this.prefix);
    if (text === undefined) return undefined;
    if (text === SEVERAL_KEYS) return new ApiKeyInvalidError('two different ones were sent');
    const id = idIn(text);
    if (id === undefined) {
      return new ApiKeyInvalidError('it is mistyped, cut off, or the key of something else');
    }
    return whenKnown<KnownKey | null, Authentication>(this.keys.find(id), (known) =>
      this.compare(id, text, known),
    );
  }

  ownerIn(request: IdentifiableRequest): ReturnType<ApiKeyDirectory['ownerIn']> {
    return whenKnown<Authentication, ReturnType<typeof toOwner>>(
      this.authenticate(request),
      toOwner,
    );
  }

  private compare(id: string, text: string, known: KnownKey | null): Authentication {
    const isKey = timingSafeEqual(hashOf(text), known?.hash ?? NO_HASH) && known !== null;
    if (!isKey) {
      return new ApiKeyInvalidError(
        known === null ? `there is no ${id}` : `it is not that of ${id}`,
      );
    }
    // Not before the comparison: only who has the key learns that it has ended, and by the same answer.
    if (known.endsAt <= Date.now()) {
      const revoked = known.info.revokedAt !== null;
      return new ApiKeyInvalidError(`${id} ${revoked ? 'is revoked' : 'has expired'}`);
    }
    this.lastUses.mark(id);
    return known;
  }
}

function toOwner(found: Authentication): ApiKeyOwner | InvalidTenantKey | undefined {
  if (found === undefined) return undefined;
  if ('info' in found) return found.info;
  return new InvalidTenantKey(found.message, true, found);
}
