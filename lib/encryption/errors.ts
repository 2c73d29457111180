import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

export { EncryptionKeyInvalidError } from '../tenant/errors.js';

/** The options of `TenantEncryptionModule` could not work. */
export class EncryptionOptionsError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'ENCRYPTION_OPTIONS_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The options of TenantEncryptionModule are refused: ${problem}`,
    });
  }
}

/** What a tenant's settings say of encryption cannot be understood, so nothing is taken for said. */
export class EncryptionSettingsError extends TenancyError {
  constructor(slug: string, problem: string) {
    super({
      code: 'ENCRYPTION_SETTINGS_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The settings of tenant "${slug}" are refused: settings.encryption${problem}.`,
    });
  }
}

/** The message was made with a key that is not in use any more, or that never was. The client needs the current one. */
export class MessageKeyRefusedError extends TenancyError {
  constructor() {
    super({
      code: 'MESSAGE_KEY_REFUSED',
      status: HttpStatus.UNAUTHORIZED,
      message:
        'An encrypted request names a key that is unknown or retired. Give the client the current one: ' +
        'TenantEncryption.clientKey().',
      publicMessage: 'The key of the message is unknown or retired',
    });
  }
}

/**
 * The message could not be opened: tampered with, truncated, of another tenant, route or direction, or none at all. Which
 * of them it was is nobody's to know but the log's, and not even that knows in most cases.
 */
export class MessageUnreadableError extends TenancyError {
  /** @param problem for the log; nothing of the message's content */
  constructor(problem: string, cause?: unknown) {
    super({
      code: 'MESSAGE_UNREADABLE',
      status: HttpStatus.BAD_REQUEST,
      message: `An encrypted request cannot be read: ${problem}.`,
      publicMessage: 'The message cannot be read',
      cause,
    });
  }
}

/** An authentic message was made too long ago, or too far ahead. */
export class MessageExpiredError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'MESSAGE_EXPIRED',
      status: HttpStatus.UNAUTHORIZED,
      message: `An encrypted request is refused: ${problem}. Make it anew; compare the client's clock.`,
      publicMessage: 'The message has expired',
    });
  }
}

/** An authentic message came for the second time. */
export class MessageReplayedError extends TenancyError {
  constructor() {
    super({
      code: 'MESSAGE_REPLAYED',
      status: HttpStatus.UNAUTHORIZED,
      message: 'An encrypted request was sent before. Each needs a `jti` of its own.',
      publicMessage: 'The message was sent before',
    });
  }
}

/** So many messages came within the window that this process cannot remember one more. */
export class ReplayMemoryFullError extends TenancyError {
  constructor(most: number) {
    super({
      code: 'REPLAY_MEMORY_FULL',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message:
        `This process remembers ${most} encrypted requests, and none of them may be forgotten yet. ` +
        'Make messages.replayWindow shorter, or give TenancyModule a `redis`, where there is more room.',
      retryAfter: 1,
    });
  }
}

/** A route takes encrypted requests only. */
export class MessageNotEncryptedError extends TenancyError {
  constructor() {
    super({
      code: 'MESSAGE_NOT_ENCRYPTED',
      status: HttpStatus.UNSUPPORTED_MEDIA_TYPE,
      message:
        'A request came without encryption where it is required. Send the body as JWE, with ' +
        'Content-Type: application/jose.',
      publicMessage: 'The request must be encrypted: Content-Type: application/jose',
    });
  }
}

/** The handler answers with a stream, which cannot be sealed as a whole. Nothing of it was sent. */
export class EncryptedStreamError extends TenancyError {
  constructor() {
    super({
      code: 'ENCRYPTED_STREAM_REFUSED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'A route whose answers are encrypted answers with a stream (a file, server-sent events, response.write()). ' +
        'Answer with the whole, or put @PlainMessages() on the route.',
    });
  }
}

/** Encrypted messages were asked for on something other than a route of HTTP. */
export class EncryptedTransportError extends TenancyError {
  constructor(type: string) {
    super({
      code: 'ENCRYPTED_TRANSPORT_UNSUPPORTED',
      status: HttpStatus.NOT_IMPLEMENTED,
      message: `Messages are encrypted over HTTP routes only, not over "${type}".`,
    });
  }
}

/** The key provider gives promises, and a column cannot wait. */
export class EncryptionKeyNotAtHandError extends TenancyError {
  constructor(slug: string) {
    super({
      code: 'ENCRYPTION_KEY_NOT_AT_HAND',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `An encrypted column of tenant "${slug}" needs its key at once, and the key provider gave a promise. Have the ` +
        'provider keep keys in memory: load them when the app starts.',
    });
  }
}

/** An entity has an encrypted column that could not work. */
export class EncryptedColumnError extends TenancyError {
  constructor(column: string, problem: string) {
    super({
      code: 'ENCRYPTED_COLUMN_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The encrypted column ${column} is refused: ${problem}.`,
    });
  }
}

/** A value was given to a database in plain that is to be encrypted. Nothing was sent. */
export class EncryptedColumnPlainError extends TenancyError {
  constructor() {
    super({
      code: 'ENCRYPTED_COLUMN_PLAIN',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'The value of an encrypted column was about to reach a database in plain. Compare with ' +
        'EncryptedColumns.matching() instead of the value, import TenantEncryptionModule, and keep @Encrypted() to ' +
        "entities of tenants' databases.",
    });
  }
}

/** Whose keys a column is encrypted with is not known here. */
export class EncryptedColumnTenantError extends TenancyError {
  constructor(column: string) {
    super({
      code: 'ENCRYPTED_COLUMN_TENANT_UNKNOWN',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The encrypted column ${column} was used through the DataSource of one tenant outside of its context. ` +
        'Wrap the work in tenancy.run(tenant, work).',
    });
  }
}

/** What is stored cannot be read: of another tenant or column, changed, in plain, or under a key that is gone. */
export class EncryptedValueUnreadableError extends TenancyError {
  constructor(column: string, slug: string, problem: string, cause?: unknown) {
    super({
      code: 'ENCRYPTED_VALUE_UNREADABLE',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `A value of the encrypted column ${column} of tenant "${slug}" cannot be read: ${problem}.`,
      cause,
    });
  }
}
