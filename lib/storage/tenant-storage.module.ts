import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { checkMethods, checkOptions } from './check-options.js';
import type { StorageDisk } from './storage-disk.js';
import { STORAGE_DISK, TenantStorage } from './tenant-storage.js';

export interface TenantStorageOptions {
  /** Where the files are: `localDisk({ folder })` or `s3Disk({ client, bucket })`. */
  readonly disk: StorageDisk;
}

/** Makes the options of an app that imports `TenantStorageModule.forRootAsync({ useClass })`. */
export interface TenantStorageOptionsFactory {
  createTenantStorageOptions(): TenantStorageOptions | Promise<TenantStorageOptions>;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<TenantStorageOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTenantStorageOptions')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/**
 * Gives tenants files of their own, by {@link TenantStorage}. Import it once:
 *
 * ```ts
 * TenantStorageModule.forRoot({ disk: localDisk({ folder: 'storage' }) })
 * ```
 */
@Module({
  providers: [
    {
      provide: STORAGE_DISK,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: diskOf,
    },
    TenantStorage,
  ],
  exports: [TenantStorage],
})
export class TenantStorageModule extends ConfigurableModuleClass {}

const DISK_METHODS = [
  'write',
  'open',
  'stat',
  'delete',
  'list',
] as const satisfies readonly (keyof StorageDisk)[];

/** @throws StorageOptionsError when the app starts */
function diskOf(options: TenantStorageOptions): StorageDisk {
  const of = 'TenantStorageModule';
  checkOptions(of, options, ['disk']);
  checkMethods(of, 'disk', options.disk, DISK_METHODS, '`localDisk({ … })` or `s3Disk({ … })`');
  return options.disk;
}
