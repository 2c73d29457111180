import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type DynamicModule,
  type NestModule,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import { RedisConnections } from '../redis/redis-connections.js';
import { EncryptedColumns } from './columns/encrypted-columns.js';
import { ValueCipher } from './columns/value-cipher.js';
import {
  ENCRYPTION_OPTIONS,
  resolveEncryptionOptions,
  type ResolvedEncryptionOptions,
  type TenantEncryptionOptions,
} from './encryption-options.js';
import { TenantKeys } from './keys/tenant-keys.js';
import { readJoseBodies } from './messages/jose-body.js';
import { MessageCipher } from './messages/message-cipher.js';
import { MessageGuard, TenantMessageGuard } from './messages/message.guard.js';
import { ReplayWindow } from './messages/replay-window.js';
import { TenantEncryption } from './tenant-encryption.js';

/** Makes the options of an app that imports `TenantEncryptionModule.forRootAsync({ useClass })`. */
export interface TenantEncryptionOptionsFactory {
  createTenantEncryptionOptions(): TenantEncryptionOptions | Promise<TenantEncryptionOptions>;
}

const GIVEN_OPTIONS = Symbol.for('nestjs-tenancy:given-encryption-options');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TenantEncryptionOptions>({
  optionsInjectionToken: GIVEN_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTenantEncryptionOptions')
  .setExtras({}, (definition): DynamicModule => ({ ...definition, global: true }))
  .build();

/**
 * Encrypts messages and columns under keys of each tenant. Import it once, after `TenancyModule`:
 *
 * ```ts
 * TenantEncryptionModule.forRoot({ masterKeys: [process.env.MASTER_KEY] })
 * ```
 */
@Module({
  providers: [
    {
      provide: ENCRYPTION_OPTIONS,
      inject: [GIVEN_OPTIONS, RedisConnections],
      useFactory: (given: TenantEncryptionOptions, { configured }: RedisConnections) =>
        resolveEncryptionOptions(given, configured, process.env),
    },
    TenantKeys,
    MessageCipher,
    ReplayWindow,
    MessageGuard,
    TenantMessageGuard,
    { provide: APP_GUARD, useExisting: TenantMessageGuard },
    TenantEncryption,
    ValueCipher,
    EncryptedColumns,
  ],
  // The guard of the decorators is made in the module of each controller.
  exports: [MessageCipher, ReplayWindow, TenantEncryption, EncryptedColumns],
})
export class TenantEncryptionModule extends ConfigurableModuleClass implements NestModule {
  constructor(
    @Inject(ENCRYPTION_OPTIONS) private readonly options: ResolvedEncryptionOptions,
    private readonly host: HttpAdapterHost,
  ) {
    super();
  }

  /** @throws EncryptionOptionsError when the app starts */
  static override forRoot(options: TenantEncryptionOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  configure(): void {
    readJoseBodies(this.host.httpAdapter, this.options.bodyLimit);
  }
}
