import { unknownKey } from '../options/unknown-key.js';
import { EncryptionOptionsError } from './errors.js';
import type { KeyProvider } from '../options/key-provider.js';
import { MasterKeys } from './keys/master-keys.js';

export interface MessageOptions {
  /**
   * Seconds that an encrypted request is good for, and that clocks may differ by. Each is remembered for that long, so
   * that it is accepted once. Default 300.
   */
  readonly replayWindow?: number;
  /**
   * Where requests are remembered: `redis` for all processes, `memory` for this one alone, where another process would
   * accept the same request again. Default: `redis` where TenancyModule has one, else `memory`.
   */
  readonly replayStore?: 'redis' | 'memory';
  /** The most bytes of an encrypted request's body. Default 1,048,576. */
  readonly bodyLimit?: number;
}

/** The options of `TenantEncryptionModule.forRoot()`. */
export interface TenantEncryptionOptions {
  /**
   * 32 random bytes each, in base64: `openssl rand -base64 32`. The first encrypts, all decrypt. Default: those of the
   * environment variable `TENANCY_ENCRYPTION_KEYS`, separated by commas.
   */
  readonly masterKeys?: readonly string[];
  /** Where the keys come from instead of `masterKeys`. */
  readonly keys?: KeyProvider;
  readonly messages?: MessageOptions;
}

/** The same with the defaults in it. */
export interface ResolvedEncryptionOptions {
  readonly keys: KeyProvider;
  readonly replayWindow: number;
  readonly replayStore: 'redis' | 'memory';
  readonly bodyLimit: number;
}

/** Of `TenantEncryptionModule`, resolved. */
export const ENCRYPTION_OPTIONS = Symbol.for('nestjs-tenancy:encryption-options');

/** The environment variable of the master keys. */
export const ENCRYPTION_KEYS_VARIABLE = 'TENANCY_ENCRYPTION_KEYS';

const KEYS = ['masterKeys', 'keys', 'messages'];
const MESSAGE_KEYS = ['replayWindow', 'replayStore', 'bodyLimit'];

/** @throws EncryptionOptionsError */
export function resolveEncryptionOptions(
  given: TenantEncryptionOptions,
  hasRedis: boolean,
  env: Readonly<Record<string, string | undefined>>,
): ResolvedEncryptionOptions {
  const { masterKeys, keys, messages = {} } = given;
  const unknown = unknownKey(given, KEYS) ?? unknownKey(messages, MESSAGE_KEYS);
  if (unknown !== undefined) throw new EncryptionOptionsError(unknown);
  const { replayWindow = 300, bodyLimit = 1_048_576 } = messages;
  const { replayStore = hasRedis ? 'redis' : 'memory' } = messages;
  checkWhole('replayWindow', replayWindow);
  checkWhole('bodyLimit', bodyLimit);
  if (replayStore !== 'redis' && replayStore !== 'memory') {
    throw new EncryptionOptionsError('`messages.replayStore` is neither "redis" nor "memory"');
  }
  if (replayStore === 'redis' && !hasRedis) {
    throw new EncryptionOptionsError(
      '`messages.replayStore` is "redis", and TenancyModule has no `redis`',
    );
  }
  if (keys !== undefined && masterKeys !== undefined) {
    throw new EncryptionOptionsError('`masterKeys` and `keys` are both given, and one is used');
  }
  return {
    keys:
      keys ?? masterKeysOf(masterKeys ?? (env[ENCRYPTION_KEYS_VARIABLE] || undefined)?.split(',')),
    replayWindow,
    replayStore,
    bodyLimit,
  };
}

function masterKeysOf(keys: readonly string[] | undefined): MasterKeys {
  if (keys !== undefined) return new MasterKeys(keys);
  throw new EncryptionOptionsError(
    `there are no keys. Give \`masterKeys\`, the variable ${ENCRYPTION_KEYS_VARIABLE}, or a provider as \`keys\``,
  );
}

function checkWhole(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new EncryptionOptionsError(`\`messages.${name}\` is not a whole number from 1 on`);
}
