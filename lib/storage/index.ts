export { StorageFileNotFoundError, StorageOptionsError, StoragePathError } from './errors.js';
export { localDisk, type LocalDiskOptions } from './local-disk.js';
export { s3Disk, type S3Client, type S3DiskOptions } from './s3-disk.js';
export type { Pieces, StorageDisk, StoredFile } from './storage-disk.js';
export {
  TenantStorageModule,
  type TenantStorageOptions,
  type TenantStorageOptionsFactory,
} from './tenant-storage.module.js';
export { TenantStorage, type StorageUsage } from './tenant-storage.js';
