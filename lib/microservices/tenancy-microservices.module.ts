import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TENANT_MESSAGES_OPTIONS, type TenantMessagesOptions } from './tenant-messages-options.js';
import { TenantMessages } from './tenant-messages.js';

/**
 * Has what microservices send each other carry its tenant. Import it once, in the apps that send and in those that
 * take; `ClientsModule`, `@MessagePattern()` and `@EventPattern()` stay as they are.
 *
 * ```ts
 * @Module({ imports: [TenancyModule.forRoot(), TenancyMicroservicesModule.forRoot({ trusted: true })] })
 * export class AppModule {}
 * ```
 */
@Module({})
export class TenancyMicroservicesModule implements OnModuleInit {
  constructor(private readonly messages: TenantMessages) {}

  static forRoot(options: TenantMessagesOptions = {}): DynamicModule {
    return {
      module: TenancyMicroservicesModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [{ provide: TENANT_MESSAGES_OPTIONS, useValue: options }, TenantMessages],
      exports: [TenantMessages],
    };
  }

  onModuleInit(): void {
    this.messages.bindInjected();
  }
}
