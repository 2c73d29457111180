import type { TenantSettings } from '../../context/current-tenant.js';
import { EncryptionSettingsError } from '../errors.js';
import type { KeyOwner } from '../../options/key-provider.js';

/** What `settings.encryption` of a tenant says. */
export interface EncryptionSettings {
  /** `required`: all of the tenant's HTTP routes take and give encrypted messages only. Default: as the routes say. */
  readonly messages?: 'required';
  /** Counts its rotations, from 1. Default 1. */
  readonly keyVersion: number;
  /** ISO 8601: until when messages under the key before the current one are accepted. Default: not at all. */
  readonly previousKeyUntil?: string;
}

const KNOWN = ['messages', 'keyVersion', 'previousKeyUntil'];
const NONE: EncryptionSettings = { keyVersion: 1 };

/** By the settings as the registry has them, frozen: changed ones are another object. */
const checked = new WeakMap<TenantSettings, EncryptionSettings>();

/** @throws EncryptionSettingsError */
export function encryptionSettingsOf({ slug, settings }: KeyOwner): EncryptionSettings {
  if (settings['encryption'] === undefined) return NONE;
  const known = checked.get(settings);
  if (known !== undefined) return known;
  const encryption = check(slug, settings['encryption']);
  if (Object.isFrozen(settings)) checked.set(settings, encryption);
  return encryption;
}

function check(slug: string, given: unknown): EncryptionSettings {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new EncryptionSettingsError(slug, ' is not an object');
  }
  const unknown = Object.keys(given).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) {
    throw new EncryptionSettingsError(
      slug,
      ` has "${unknown}", which is none of ${KNOWN.join(', ')}`,
    );
  }
  const { messages, keyVersion = 1, previousKeyUntil } = given as Record<string, unknown>;
  if (messages !== undefined && messages !== 'required') {
    throw new EncryptionSettingsError(slug, '.messages is not "required"');
  }
  if (typeof keyVersion !== 'number' || !Number.isInteger(keyVersion) || keyVersion < 1) {
    throw new EncryptionSettingsError(slug, '.keyVersion is not a whole number from 1 on');
  }
  if (previousKeyUntil !== undefined && !isTime(previousKeyUntil)) {
    throw new EncryptionSettingsError(slug, '.previousKeyUntil is not a time as in ISO 8601');
  }
  return {
    keyVersion,
    ...(messages !== undefined && { messages }),
    ...(previousKeyUntil !== undefined && { previousKeyUntil }),
  };
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}
