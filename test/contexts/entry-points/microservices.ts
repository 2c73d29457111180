import { Controller, Inject, Module, type INestApplication } from '@nestjs/common';
import {
  ClientsModule,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { TenancyMicroservicesModule, TenantMessages } from 'nestjs-tenancy/microservices';
import assert from 'node:assert/strict';
import { firstValueFrom } from 'rxjs';
import { startNats } from '../../support/nats.js';
import { startRedis } from '../../support/redis.js';
import { codeOf } from '../../support/rejection.js';
import { findFreePort } from '../../support/servers/free-port.js';
import { startContextsApp } from '../app.js';
import type { EntryPoint } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { Witness } from '../witness.js';

@Controller()
class WitnessMessages {
  constructor(private readonly witness: Witness) {}

  @MessagePattern('look')
  look(@Payload() key: string): Promise<Seen> {
    return this.witness.look(key);
  }

  @MessagePattern('fail')
  fail(@Payload() key: string): Promise<never> {
    return this.witness.fail(key);
  }
}

const CLIENT = 'WITNESS';

class Sender {
  constructor(@Inject(CLIENT) readonly client: ClientProxy) {}
}

@Module({})
class Clients {}

/** Both a server's and a client's. */
type LineOptions =
  | {
      readonly transport: Transport.TCP | Transport.REDIS;
      readonly options: { readonly host: string; readonly port: number };
    }
  | { readonly transport: Transport.NATS; readonly options: { readonly servers: string } };

interface Line {
  readonly options: LineOptions;
  stop?(): Promise<void>;
}

function over(transport: string, open: () => Promise<Line>): EntryPoint {
  return {
    name: `@MessagePattern over ${transport}`,
    refusal: 'TENANT_CONTEXT_MISSING',
    async start(databases) {
      const line = await open();
      const app = await startContextsApp(databases, {
        imports: [
          {
            module: Clients,
            imports: [
              ClientsModule.register([{ name: CLIENT, ...line.options }]),
              TenancyMicroservicesModule.forRoot({ trusted: true }),
            ],
            controllers: [WitnessMessages],
            providers: [Sender],
          },
        ],
        configure: (nest) => takeMessages(nest, line.options),
      });
      const { client } = app.nest.get(Sender);
      const send = (pattern: string, key: string): Promise<Seen> =>
        firstValueFrom(client.send(pattern, key));
      return {
        app,
        enter: (tenant, key) => app.tenancy.run(tenant, () => send('look', key)),
        async fail(tenant, key) {
          await assert.rejects(
            app.tenancy.run(tenant, () => send('fail', key)),
            (told: { message?: unknown }) => told.message === 'Internal server error',
          );
        },
        withoutTenant: (key) => codeOf(async () => send('look', key)),
        async stop() {
          await app.close();
          await line.stop?.();
        },
      };
    },
  };
}

async function takeMessages(nest: INestApplication, options: LineOptions) {
  const server = nest.get(TenantMessages).server(options);
  nest.connectMicroservice(server, { inheritAppConfig: true });
  await nest.startAllMicroservices();
}

export const entryPoints: readonly EntryPoint[] = [
  over('TCP', async () => ({
    options: {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: await findFreePort() },
    },
  })),
  over('Redis', async () => {
    const { host, port, stop } = await startRedis();
    return { options: { transport: Transport.REDIS, options: { host, port } }, stop };
  }),
  over('NATS', async () => {
    const { url, stop } = await startNats();
    return { options: { transport: Transport.NATS, options: { servers: url } }, stop };
  }),
];
