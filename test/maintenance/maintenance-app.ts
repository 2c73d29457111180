import {
  Controller,
  Get,
  Module,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import {
  bySubdomain,
  CentralRoute,
  MaintenanceService,
  TenancyModule,
  Tenancy,
  TenantService,
  UniversalRoute,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS, type Answer, type Asking } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';

@Controller()
class Site {
  constructor(private readonly tenancy: Tenancy) {}

  @Get()
  home(): string {
    return this.tenancy.require().slug;
  }

  @Get('operators')
  @CentralRoute()
  operators(): string {
    return 'operators';
  }

  @Get('both')
  @UniversalRoute()
  both(): string {
    return this.tenancy.current?.slug ?? 'nobody';
  }
}

export interface MaintenanceAppParts {
  readonly adapter?: AbstractHttpAdapter;
  readonly options?: TenancyModuleOptions;
  readonly imports?: ModuleMetadata['imports'];
  readonly providers?: ModuleMetadata['providers'];
}

/** A listening app, and its maintenance. */
export interface MaintenanceApp {
  readonly nest: INestApplication;
  readonly maintenance: MaintenanceService;
  readonly tenants: TenantService;
  /** Asks as a client of the tenant. */
  get(slug: string, asking?: Asking): Promise<Answer>;
  close(): Promise<void>;
}

export async function startMaintenanceApp(
  setup: EngineSetup,
  parts: MaintenanceAppParts = {},
): Promise<MaintenanceApp> {
  const { adapter = PLATFORMS['fastify']!(), options = {}, imports = [], providers = [] } = parts;
  const nest = await NestFactory.create(
    {
      module: Root,
      imports: [
        TenancyModule.forRoot({
          identify: [bySubdomain({ of: 'app.example' })],
          ...optionsOn(setup, options),
        }),
        ...imports,
      ],
      controllers: [Site],
      providers,
    },
    adapter,
    { logger: false, abortOnError: false },
  );
  await nest.listen(0, '127.0.0.1');
  return {
    nest,
    maintenance: nest.get(MaintenanceService),
    tenants: nest.get(TenantService),
    get: (slug, asking) => ask(nest, '/', { host: `${slug}.app.example`, ...asking }),
    close: () => nest.close(),
  };
}

@Module({})
class Root {}
