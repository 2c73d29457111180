import { Controller, Get, Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import {
  ApiKey,
  ApiKeyService,
  CentralRoute,
  CurrentApiKey,
  CurrentTenant,
  Quota,
  Tenancy,
  TenancyModule,
  TenantService,
  UniversalRoute,
  type ApiKeyInfo,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { optionsOn } from '../support/tenancy-app.js';

@Controller('invoices')
@ApiKey('invoices:read')
class Invoices {
  @Get()
  list(@CurrentTenant('slug') slug: string, @CurrentApiKey() { name }: ApiKeyInfo) {
    return { slug, name };
  }

  @Get('send')
  @ApiKey('invoices:send', 'mail')
  @Quota('monthly_emails')
  send(@CurrentTenant('slug') slug: string) {
    return { slug };
  }
}

@Controller('central')
@CentralRoute()
class Central {
  @Get()
  @ApiKey('tenants:read')
  tenants(@CurrentApiKey() { name }: ApiKeyInfo) {
    return { name };
  }
}

@Controller('anybody')
@UniversalRoute()
class Anybody {
  @Get()
  @ApiKey()
  greet(@CurrentApiKey() { name }: ApiKeyInfo) {
    return { name };
  }
}

@Controller('open')
class Open {
  @Get()
  greet(@CurrentTenant('slug') slug: string) {
    return { slug };
  }

  /** Nothing but the order of these two decides what is asked first. */
  @Get('send')
  @ApiKey()
  @Quota('monthly_emails')
  send(@CurrentTenant('slug') slug: string) {
    return { slug };
  }

  /** And the other way round. */
  @Get('resend')
  @Quota('monthly_emails')
  @ApiKey()
  resend(@CurrentTenant('slug') slug: string) {
    return { slug };
  }

  @Get('key')
  key(@CurrentApiKey() { name }: ApiKeyInfo) {
    return { name };
  }
}

export const CONTROLLERS: readonly Type[] = [Invoices, Central, Anybody, Open];

@Module({})
class Root {}

/** An app whose routes need keys, on a free port. */
export async function startApiKeyApp(
  setup: EngineSetup,
  adapter: AbstractHttpAdapter,
  options: TenancyModuleOptions = {},
  controllers: readonly Type[] = CONTROLLERS,
): Promise<ApiKeyApp> {
  const nest = await NestFactory.create(
    {
      module: Root,
      imports: [TenancyModule.forRoot(optionsOn(setup, options))],
      controllers: [...controllers],
    },
    adapter,
    { logger: false, abortOnError: false },
  );
  await nest.listen(0, '127.0.0.1');
  return {
    nest,
    tenants: nest.get(TenantService),
    tenancy: nest.get(Tenancy),
    apiKeys: nest.get(ApiKeyService),
  };
}

export interface ApiKeyApp {
  readonly nest: INestApplication;
  readonly tenants: TenantService;
  readonly tenancy: Tenancy;
  readonly apiKeys: ApiKeyService;
}
