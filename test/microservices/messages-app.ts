import {
  Catch,
  Controller,
  Inject,
  Injectable,
  Module,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type ExecutionContext,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientsModule,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  type AsyncMicroserviceOptions,
  type ClientProxy,
  type Transport,
} from '@nestjs/microservices';
import { InjectDataSource } from '@nestjs/typeorm';
import { defer, delay, of, range, concatMap, throwError } from 'rxjs';
import { DataSource } from 'typeorm';
import {
  MaintenanceService,
  CentralRoute,
  Tenancy,
  TenancyModule,
  TenantService,
  UniversalRoute,
} from '../../lib/index.js';
import {
  TenancyMicroservicesModule,
  TenantMessages,
  type TenantMessagesOptions,
} from '../../lib/microservices/index.js';
import type { EngineSetup } from '../support/engines.js';
import { optionsOn, startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

// Nothing of the service but its modules knows of tenants: controllers as NestJS's documentation has them.

/** Where code of the service ran, and for whom. */
@Injectable()
export class Seen {
  readonly notes: string[] = [];

  constructor(
    private readonly tenancy: Tenancy,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  note(what: string): void {
    this.notes.push(`${what}: ${this.tenancy.current?.slug ?? 'nobody'}`);
  }

  /** Whose database the code is at. */
  async owner(): Promise<string> {
    const [row] = await this.dataSource.query<{ slug: string }[]>('SELECT slug FROM owner');
    return row!.slug;
  }
}

@Injectable()
class NotingEnhancer {
  constructor(private readonly seen: Seen) {}

  async canActivate(): Promise<boolean> {
    this.seen.note(`guard of ${await this.seen.owner()}`);
    return true;
  }

  intercept(_context: ExecutionContext, next: CallHandler) {
    this.seen.note('interceptor');
    return next.handle();
  }

  transform(value: unknown): unknown {
    this.seen.note('pipe');
    return value;
  }
}

@Catch()
class NotingFilter {
  constructor(private readonly seen: Seen) {}

  catch(error: Error, _host: ArgumentsHost) {
    this.seen.note('filter');
    return throwError(() => new RpcException(error.message).getError());
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerMessage {
  readonly slug: string | undefined;

  constructor(tenancy: Tenancy) {
    this.slug = tenancy.current?.slug;
  }
}

@Controller()
class Handlers {
  constructor(
    private readonly seen: Seen,
    private readonly tenancy: Tenancy,
  ) {}

  @MessagePattern('owner')
  owner(): Promise<string> {
    return this.seen.owner();
  }

  @MessagePattern({ topic: 'echo', version: 2 })
  echo(@Payload() data: unknown) {
    return { data, tenant: this.tenancy.require().slug };
  }

  @MessagePattern('enhanced')
  @UseGuards(NotingEnhancer)
  @UseInterceptors(NotingEnhancer)
  @UsePipes(NotingEnhancer)
  @UseFilters(NotingFilter)
  enhanced(): string {
    this.seen.note('handler');
    throw new Error('on purpose');
  }

  /** Values that are asked for when the handler has returned, and later. */
  @MessagePattern('stream')
  stream() {
    return range(0, 3).pipe(
      concatMap((n) => of(n).pipe(delay(n * 5))),
      concatMap(() => defer(() => this.seen.owner())),
    );
  }

  @MessagePattern('needs-a-tenant')
  @UniversalRoute()
  require(): string {
    return this.tenancy.require().slug;
  }

  @MessagePattern('plans')
  @CentralRoute()
  plans(): string {
    return `plans of ${this.tenancy.current?.slug ?? 'nobody'}`;
  }

  @EventPattern('happened')
  async happened(@Payload() id: number): Promise<void> {
    this.seen.note(`${id} at ${await this.seen.owner()}`);
  }
}

@Controller()
class MoreHandlers {
  constructor(
    private readonly seen: Seen,
    private readonly perMessage: PerMessage,
  ) {}

  @EventPattern('happened')
  async happenedToo(@Payload() id: number): Promise<void> {
    this.seen.note(`${id} too, at ${await this.seen.owner()}`);
  }

  @MessagePattern('per-message')
  mine(): string | undefined {
    return this.perMessage.slug;
  }
}

@Module({})
class ServiceModule {}

/** Both a server's and a client's. */
export type Line =
  | {
      readonly transport: Transport.TCP | Transport.REDIS;
      readonly options: { readonly host: string; readonly port: number };
    }
  | {
      readonly transport: Transport.NATS;
      readonly options: { readonly servers: string; readonly reconnectTimeWait?: number };
    };

export interface Service {
  readonly notes: string[];
  readonly tenants: TenantService;
  readonly maintenance: MaintenanceService;
  close(): Promise<void>;
}

/** Starts a service that takes messages, whose tenants' databases say whose they are. */
export async function startService(
  setup: EngineSetup,
  line: Line,
  options: TenantMessagesOptions = { trusted: true },
): Promise<Service> {
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(
    {
      module: ServiceModule,
      imports: [
        TenancyModule.forRoot(
          optionsOn(setup, {
            tenants: {
              seed: async ({ slug }, dataSource) => {
                await dataSource.query('CREATE TABLE owner (slug VARCHAR(63))');
                await dataSource.query(`INSERT INTO owner VALUES ('${slug}')`);
              },
            },
          }),
        ),
        TenancyMicroservicesModule.forRoot(options),
      ],
      controllers: [Handlers, MoreHandlers],
      providers: [Seen, PerMessage],
    },
    {
      inject: [TenantMessages],
      useFactory: (messages: TenantMessages) => messages.server(line),
      logger: false,
      abortOnError: false,
    },
  );
  await app.listen();
  return {
    notes: app.get(Seen).notes,
    tenants: app.get(TenantService),
    maintenance: app.get(MaintenanceService),
    close: () => app.close(),
  };
}

@Injectable()
class Clients {
  constructor(
    @Inject('SERVICE') readonly service: ClientProxy,
    @Inject('PLATFORM') readonly platform: ClientProxy,
  ) {}
}

export interface Sender extends TenancyApp, Clients {
  readonly messages: TenantMessages;
}

/** Starts an app that sends: SERVICE for its tenants, PLATFORM for none. */
export async function startSender(setup: EngineSetup, line: Line): Promise<Sender> {
  const app = await startTenancyApp(setup, {
    imports: [
      ClientsModule.register({
        isGlobal: true,
        clients: [
          { name: 'SERVICE', ...line },
          { name: 'PLATFORM', ...line },
        ],
      }),
      TenancyMicroservicesModule.forRoot({ centralClients: ['PLATFORM'] }),
    ],
    providers: [Clients],
  });
  const { service, platform } = app.context.get(Clients);
  return { ...app, service, platform, messages: app.context.get(TenantMessages) };
}
