import { ClientProxyFactory, NatsRecordBuilder, Transport } from '@nestjs/microservices';
import { connect, headers, type MsgHdrs, type NatsConnection } from 'nats';
import { firstValueFrom } from 'rxjs';
import { engines } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { startNats, type NatsServer } from '../support/nats.js';
import { until } from '../support/until.js';
import { startSender, startService, type Line, type Sender, type Service } from './messages-app.js';

const TENANT = 'nestjs-tenancy-tenant';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

let nats: NatsServer;
let line: Line;
let service: Service;
let sender: Sender;
/** A program without this package, and without NestJS. */
let strange: NatsConnection;

beforeEach(async () => {
  nats = await startNats();
  cleanUps.push(() => nats.stop());
  line = { transport: Transport.NATS, options: { servers: nats.url, reconnectTimeWait: 20 } };
  const setup = await prepareInMemory(engines[0]!);
  cleanUps.push(() => setup.cleanUp());
  service = await startService(setup, line);
  cleanUps.push(() => service.close());
  for (const slug of ['acme', 'globex']) await service.tenants.create({ slug });
  sender = await startSender(setup, line);
  cleanUps.push(() => sender.close());
  strange = await connect({ servers: nats.url, reconnect: false });
  cleanUps.push(() => strange.close());
});

const idOf = async (slug: string) => (await sender.tenants.get(slug)).id;

function headersOf(...entries: readonly (readonly [name: string, value: string])[]): MsgHdrs {
  const made = headers();
  for (const [name, value] of entries) made.append(name, value);
  return made;
}

describe('a message on the wire of NATS', () => {
  it('names a tenant in one header, where nothing but one id of one is taken', async () => {
    const say = async (given?: MsgHdrs, more?: object): Promise<unknown> => {
      const text = JSON.stringify({ pattern: 'owner', data: {}, id: '1', ...more });
      const answer = (
        await strange.request('owner', text, { headers: given, timeout: 5_000 })
      ).json<{
        response?: string;
        err?: { code: string };
      }>();
      return answer.response ?? answer.err?.code;
    };
    const [acme, globex] = [await idOf('acme'), await idOf('globex')];
    const missing = 'MESSAGE_TENANT_MISSING';
    expect(await say(headersOf([TENANT, acme]))).toBe('acme');
    // What stands in the envelope is not looked at.
    expect(await say(undefined, { tenant: acme })).toBe(missing);
    expect(await say(headersOf([TENANT, acme]), { tenant: globex })).toBe('acme');
    expect(await say()).toBe(missing);
    expect(await say(headersOf(['other', acme]))).toBe(missing);
    expect(await say(headersOf([TENANT, '']))).toBe(missing);
    expect(await say(headersOf([TENANT, 'acme']))).toBe(missing);
    expect(await say(headersOf([TENANT, acme], [TENANT, globex]))).toBe(missing);
    expect(await say(headersOf([TENANT, acme], [TENANT, acme]))).toBe(missing);
    expect(await say(headersOf(['Nestjs-Tenancy-Tenant', acme]))).toBe(missing);
    expect(await say(headersOf([TENANT, '00000000-0000-4000-8000-000000000000']))).toBe(
      'TENANT_NOT_FOUND',
    );
  });
});

describe('headers of the app’s own', () => {
  /** What arrives at a subject, by its data. */
  async function listen(subject: string): Promise<Map<string, Record<string, string[]>>> {
    const arrived = new Map<string, Record<string, string[]>>();
    strange.subscribe(subject, {
      callback: (_error, message) => {
        const named = message.headers?.keys().map((key) => [key, message.headers?.values(key)]);
        arrived.set(message.json<{ data: string }>().data, Object.fromEntries(named ?? []));
      },
    });
    await strange.flush();
    return arrived;
  }

  it('are sent as they are, and cannot choose the tenant', async () => {
    const arrived = await listen('shown');
    const [acme, globex] = [await idOf('acme'), await idOf('globex')];
    const own = headersOf(['trace', '1'], ['trace', '2'], [TENANT, globex], [TENANT, acme]);
    const record = (data: string) => new NatsRecordBuilder(data).setHeaders(own).build();
    // The headers of one object, for several tenants at once.
    const sent = ['acme', 'globex', 'acme', 'globex'].map((slug, n) =>
      sender.tenancy.run(slug, () =>
        firstValueFrom(sender.service.emit('shown', record(`${slug} ${n}`)), { defaultValue: 0 }),
      ),
    );
    await Promise.all(sent);
    sender.platform.emit('shown', record('nobody'));
    sender.platform.emit('shown', 'nothing');
    await until('all have arrived', () => arrived.size === 6);
    for (const [data, id] of [
      ['acme 0', acme],
      ['globex 1', globex],
      ['acme 2', acme],
      ['globex 3', globex],
    ] as const) {
      expect(arrived.get(data)).toEqual({ trace: ['1', '2'], [TENANT]: [id] });
    }
    expect(arrived.get('nobody')).toEqual({ trace: ['1', '2'] });
    expect(arrived.get('nothing')).toEqual({});
    expect(own.values(TENANT)).toEqual([globex, acme]);
  });

  it('that the client has for every message cannot choose it either', async () => {
    const arrived = await listen('shown');
    const globex = await idOf('globex');
    const client = ClientProxyFactory.create({
      transport: Transport.NATS,
      options: { servers: nats.url, headers: { from: 'here', [TENANT]: globex } },
    });
    cleanUps.push(async () => void (await client.close()));
    sender.messages.bind(client);
    await sender.tenancy.run('acme', async () => {
      expect(await firstValueFrom(client.send('owner', {}))).toBe('acme');
      client.emit('shown', 'event');
    });
    await until('it has arrived', () => arrived.size === 1);
    expect(arrived.get('event')).toEqual({ from: ['here'], [TENANT]: [await idOf('acme')] });
  });
});

it('messages are handled in their tenants when the broker was killed and is back', async () => {
  const ask = (slug: string) =>
    sender.tenancy.run(slug, () => firstValueFrom(sender.service.send<string>('owner', {})));
  expect(await ask('acme')).toBe('acme');
  await nats.restart();
  await until('globex is answered', async () => (await ask('globex').catch(() => '')) === 'globex');
  const slugs = Array.from({ length: 20 }, (_, n) => (n % 2 ? 'acme' : 'globex'));
  expect(await Promise.all(slugs.map(ask))).toEqual(slugs);
});
