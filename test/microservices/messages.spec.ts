import { Controller, Module, type Type } from '@nestjs/common';
import {
  ClientKafka,
  ClientProxyFactory,
  EventPattern,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { connect } from 'node:net';
import { firstValueFrom, lastValueFrom, map, tap, toArray } from 'rxjs';
import { currentTenant } from '../../lib/context/tenant-context.js';
import { CentralRoute } from '../../lib/index.js';
import {
  TenancyMicroservicesModule,
  TenantMessages,
  type TenantMessagesOptions,
} from '../../lib/microservices/index.js';
import { engines } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { startNats } from '../support/nats.js';
import { startRedis } from '../support/redis.js';
import { codeOf } from '../support/rejection.js';
import { findFreePort } from '../support/servers/free-port.js';
import { startTenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';
import { startSender, startService, type Line, type Sender, type Service } from './messages-app.js';

const LINES: Record<string, () => Promise<{ line: Line; stop(): Promise<void> }>> = {
  TCP: async () => ({
    line: {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: await findFreePort() },
    },
    stop: async () => {},
  }),
  Redis: async () => {
    const { host, port, stop } = await startRedis();
    return { line: { transport: Transport.REDIS, options: { host, port } }, stop };
  },
  NATS: async () => {
    const { url, stop } = await startNats();
    return { line: { transport: Transport.NATS, options: { servers: url } }, stop };
  },
};

const engine = engines[0]!;
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe.each(Object.entries(LINES))('messages over %s', (_name, open) => {
  let line: Line;
  let service: Service;
  let sender: Sender;
  let strange: ClientProxy;

  async function start(options?: TenantMessagesOptions): Promise<void> {
    const setup = await prepareInMemory(engine);
    cleanUps.push(() => setup.cleanUp());
    const opened = await open();
    line = opened.line;
    cleanUps.push(opened.stop);
    service = await startService(setup, line, options);
    cleanUps.push(() => service.close());
    for (const slug of ['acme', 'globex']) await service.tenants.create({ slug });
    sender = await startSender(setup, line);
    cleanUps.push(() => sender.close());
    // A program without this package.
    strange = ClientProxyFactory.create(line) as ClientProxy;
    cleanUps.push(async () => void (await strange.close()));
  }

  const ask = (slug: string, pattern: unknown, data: unknown = {}) =>
    sender.tenancy.run(slug, () => firstValueFrom(sender.service.send<unknown>(pattern, data)));
  const told = (asked: Promise<unknown>) => asked.then(() => 'answered', toldCode);

  it('are handled in the tenant that they were sent for', async () => {
    await start();
    const slugs = Array.from({ length: 40 }, (_, n) => (n % 2 ? 'acme' : 'globex'));
    expect(await Promise.all(slugs.map((slug) => ask(slug, 'owner')))).toEqual(slugs);
    expect(await ask('acme', 'per-message')).toBe('acme');
  });

  it('have guards, pipes, interceptors, the handler and filters run in it', async () => {
    await start();
    await expect(ask('acme', 'enhanced')).rejects.toBeDefined();
    expect(service.notes).toEqual([
      'guard of acme: acme',
      'interceptor: acme',
      'pipe: acme',
      'handler: acme',
      'filter: acme',
    ]);
  });

  it('are answered in it to the last value of an observable', async () => {
    await start();
    const streams = ['acme', 'globex'].map((slug) =>
      sender.tenancy.run(slug, () =>
        firstValueFrom(sender.service.send<string>('stream', {}).pipe(toArray())),
      ),
    );
    expect(await Promise.all(streams)).toEqual([Array(3).fill('acme'), Array(3).fill('globex')]);
  });

  it('reach every handler of an event', async () => {
    await start();
    await sender.tenancy.run('acme', () => void sender.service.emit('happened', 1));
    await sender.tenancy.run('globex', () =>
      firstValueFrom(sender.service.emit('happened', 2), { defaultValue: 0 }),
    );
    await until('both events are handled', () => service.notes.length === 4);
    expect(service.notes.toSorted()).toEqual([
      '1 at acme: acme',
      '1 too, at acme: acme',
      '2 at globex: globex',
      '2 too, at globex: globex',
    ]);
  });

  it('carry any data as it is, and are found by patterns that are objects', async () => {
    await start();
    for (const data of [0, '', false, [1], { tenant: 'globex', data: { tenant: 'x' } }]) {
      const answer = await ask('acme', { version: 2, topic: 'echo' }, data);
      expect(answer).toEqual({ data, tenant: 'acme' });
    }
    await expect(ask('acme', 'owner', null)).rejects.toThrow('invalid data');
  });

  it('have their answers handed on in the context of the sender, whoever opened the connection', async () => {
    await start();
    const seen: unknown[] = [];
    const listen = (slug: string) =>
      sender.tenancy.run(slug, () =>
        lastValueFrom(
          sender.service.send('owner', {}).pipe(
            tap({ complete: () => seen.push(`${slug} complete ${currentTenant()?.slug}`) }),
            map((owner) => `${String(owner)} in ${currentTenant()?.slug}`),
          ),
        ),
      );
    expect(await listen('acme')).toBe('acme in acme');
    expect(await listen('globex')).toBe('globex in globex');
    const central = sender.platform.send('plans', {}).pipe(map(() => currentTenant()?.slug));
    expect(await firstValueFrom(central)).toBeUndefined();
    expect(seen).toEqual(['acme complete acme', 'globex complete globex']);
  });

  it('are not sent without a tenant, unless the client is central', async () => {
    await start();
    const { service: client, platform, tenancy } = sender;
    expect(await codeOf(() => client.send('owner', {}))).toBe('TENANT_CONTEXT_MISSING');
    expect(await codeOf(() => client.emit('happened', 1))).toBe('TENANT_CONTEXT_MISSING');
    expect(await codeOf(() => tenancy.runCentral('a test', () => client.emit('happened', 1)))).toBe(
      'TENANT_CONTEXT_MISSING',
    );
    expect(await firstValueFrom(platform.send('plans', {}))).toBe('plans of nobody');
    const fromTenant = tenancy.run('acme', () => firstValueFrom(platform.send('plans', {})));
    expect(await fromTenant).toBe('plans of nobody');
    expect(service.notes).toEqual([]);
  });

  it('without a tenant are refused by handlers for one', async () => {
    await start();
    const forged = { tenant: (await sender.tenants.get('acme')).id };
    expect(await told(firstValueFrom(strange.send('owner', forged)))).toBe(
      'MESSAGE_TENANT_MISSING',
    );
    expect(await told(firstValueFrom(sender.platform.send('owner', forged)))).toBe(
      'MESSAGE_TENANT_MISSING',
    );
    await firstValueFrom(strange.emit('happened', 3), { defaultValue: undefined });
    expect(await firstValueFrom(strange.send('plans', {}))).toBe('plans of nobody');
    expect(service.notes).toEqual([]);
  });

  it('of a tenant are refused by handlers that are central', async () => {
    await start();
    expect(await told(ask('acme', 'plans'))).toBe('ROUTE_NOT_FOR_TENANT');
  });

  it('of a tenant that is not served are refused', async () => {
    await start();
    await service.tenants.suspend('acme');
    expect(await told(ask('acme', 'owner'))).toBe('TENANT_SUSPENDED');
    await service.tenants.activate('acme');
    expect(await ask('acme', 'owner')).toBe('acme');
    const { maintenance } = service;
    await maintenance.enable('acme');
    expect(await told(ask('acme', 'owner'))).toBe('MAINTENANCE_ACTIVE');
    await maintenance.disable('acme');
    expect(await ask('acme', 'owner')).toBe('acme');
    await service.tenants.delete('acme', { confirm: 'acme' });
    // The sender has not heard of it yet.
    expect(await told(ask('acme', 'owner'))).toBe('TENANT_NOT_FOUND');
    expect(await ask('globex', 'owner')).toBe('globex');
  });

  it('are refused where authorize says no', async () => {
    const asked: unknown[] = [];
    await start({
      authorize: ({ tenant, pattern, data }) => {
        asked.push([tenant.slug, pattern, data, currentTenant()]);
        return tenant.slug === 'acme';
      },
    });
    expect(await ask('acme', 'owner', 1)).toBe('acme');
    expect(await told(ask('globex', 'owner', 2))).toBe('TENANT_FORBIDDEN');
    expect(asked).toEqual([
      ['acme', 'owner', 1, undefined],
      ['globex', 'owner', 2, undefined],
    ]);
  });

  it('are answered when their handler throws an error of this package', async () => {
    await start();
    expect(await told(firstValueFrom(sender.platform.send('needs-a-tenant', {})))).toBe(
      'TENANT_CONTEXT_MISSING',
    );
    expect(await ask('acme', 'needs-a-tenant')).toBe('acme');
  });

  it('are sent by other clients when these are bound', async () => {
    await start();
    sender.messages.bind(strange);
    sender.messages.bind(strange);
    const owner = sender.tenancy.run('globex', () => firstValueFrom(strange.send('owner', {})));
    expect(await owner).toBe('globex');
  });
});

function toldCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
}

describe('a message on the wire', () => {
  it('names a tenant in its envelope, where nothing but an id of one is taken', async () => {
    const setup = await prepareInMemory(engine);
    cleanUps.push(() => setup.cleanUp());
    const port = await findFreePort();
    const options = { host: '127.0.0.1', port };
    const service = await startService(setup, { transport: Transport.TCP, options });
    cleanUps.push(() => service.close());
    const { id } = await service.tenants.create({ slug: 'acme' });

    const say = async (tenant: unknown): Promise<unknown> => {
      const socket = connect(options);
      const text = JSON.stringify({ pattern: 'owner', data: {}, id: '1', tenant });
      socket.write(`${text.length}#${text}`);
      const [chunk] = await socket.setEncoding('utf8').take(1).toArray();
      const answer = JSON.parse(String(chunk).replace(/^\d+#/, ''));
      return answer.response ?? answer.err.code;
    };
    expect(await say(id)).toBe('acme');
    expect(await say('acme')).toBe('MESSAGE_TENANT_MISSING');
    expect(await say({ id })).toBe('MESSAGE_TENANT_MISSING');
    expect(await say([id])).toBe('MESSAGE_TENANT_MISSING');
    expect(await say('00000000-0000-4000-8000-000000000000')).toBe('TENANT_NOT_FOUND');
  });
});

describe('an app', () => {
  @Controller()
  class OneHandler {
    @EventPattern('shared')
    one() {}
  }

  @Controller()
  @CentralRoute()
  class OtherHandler {
    @EventPattern('shared')
    other() {}
  }

  @Module({})
  class HandlersModule {}

  async function startWith(options: TenantMessagesOptions, controllers: Type[], client?: object) {
    const setup = await prepareInMemory(engine);
    cleanUps.push(() => setup.cleanUp());
    const app = await startTenancyApp(setup, {
      imports: [
        TenancyMicroservicesModule.forRoot(options),
        { module: HandlersModule, controllers },
      ],
      providers: client && [{ provide: 'KAFKA', useValue: client }],
    });
    cleanUps.push(() => app.close());
    return app.context.get(TenantMessages);
  }

  it('says why it believes the tenant in a message', async () => {
    const messages = await startWith({}, []);
    expect(await codeOf(() => messages.server({}))).toBe('MESSAGES_NOT_TRUSTED');
  });

  it('is refused a transport that the tenant does not travel by', async () => {
    const messages = await startWith({ trusted: true }, []);
    const line: object = { transport: Transport.MQTT };
    expect(await codeOf(() => messages.server(line))).toBe('TRANSPORT_UNSUPPORTED');
    const kafka = Object.create(ClientKafka.prototype);
    expect(await codeOf(() => startWith({}, [], kafka))).toBe('TRANSPORT_UNSUPPORTED');
    await startWith({ centralClients: ['KAFKA'] }, [], kafka);
  });

  it('has handlers of one pattern agree about who they are for', async () => {
    const messages = await startWith({ trusted: true }, [OneHandler, OtherHandler]);
    const { strategy } = messages.server({});
    expect(await codeOf(() => strategy.addHandler('shared', async () => {}, true))).toBe(
      'MESSAGE_MODES_DIFFER',
    );
  });
});
