export { Encrypted, type EncryptedOptions } from './columns/encrypted.decorator.js';
export { EncryptedColumns, type ReencryptOptions } from './columns/encrypted-columns.js';
export type { MessageOptions, TenantEncryptionOptions } from './encryption-options.js';
export * from './errors.js';
export type { EncryptionSettings } from './keys/encryption-settings.js';
export { MasterKeys } from './keys/master-keys.js';
export { EncryptedRequest, EncryptedResponse, PlainMessages } from './messages/route-messages.js';
export { TenantEncryption, type ClientKey, type RotateOptions } from './tenant-encryption.js';
export {
  TenantEncryptionModule,
  type TenantEncryptionOptionsFactory,
} from './tenant-encryption.module.js';
export type { KeyOwner, KeyProvider, TenantKey } from '../options/key-provider.js';
