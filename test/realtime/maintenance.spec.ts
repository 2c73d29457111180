import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import { MaintenanceService, TenantService } from '../../lib/index.js';
import { TenantIoAdapter } from '../../lib/realtime/socket.io/index.js';
import { TenantWsAdapter } from '../../lib/realtime/ws/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { heardBy, SocketIoClients } from './support/socket-io-client.js';
import { startSocketsApp, type SocketsApp } from './support/sockets-app.js';
import { askWs, WsClients } from './support/ws-clients.js';

@WebSocketGateway()
class Echo {
  @SubscribeMessage('echo')
  echo(): { event: string; data: string } {
    return { event: 'echo', data: 'here' };
  }
}

const ECHO = { event: 'echo', data: 'here' };
const HEADER = 'x-maintenance-bypass';
const [engine] = engines;
let setup: EngineSetup;
let app: SocketsApp;
let maintenance: MaintenanceService;

async function start(adapter: typeof TenantWsAdapter | typeof TenantIoAdapter): Promise<void> {
  setup = await engine!.prepare();
  app = await startSocketsApp({
    setup,
    adapter: (nest) => new adapter(nest, { trustProxy: true }),
    providers: [Echo],
  });
  maintenance = app.nest.get(MaintenanceService);
  for (const slug of ['acme', 'other']) await app.nest.get(TenantService).create({ slug });
}

async function stop(): Promise<void> {
  await app.nest.close();
  await setup.cleanUp();
}

const host = (slug: string) => ({ 'x-forwarded-host': `${slug}.localhost` });

describe('sockets of a tenant in maintenance, on ws', () => {
  const clients = new WsClients(() => app.port);
  const connect = (slug: string, headers: Record<string, string> = {}) =>
    clients.connect('proxy', '/', { ...host(slug), ...headers });
  const refused = (headers: Record<string, string>) =>
    clients.refused('proxy', '/', { ...host('acme'), ...headers });

  beforeAll(() => start(TenantWsAdapter));
  afterAll(async () => {
    clients.close();
    await stop();
  });
  afterEach(() => maintenance.disable('acme'));

  it('are told to come again later, and no other; new ones are answered 503', async () => {
    const [socket, other] = [await connect('acme'), await connect('other')];
    const closed = once(socket, 'close');
    await maintenance.enable('acme', { message: 'Back soon' });
    const [status, reason] = await closed;
    expect([status, String(reason)]).toEqual([1013, 'MAINTENANCE_ACTIVE']);
    expect(await askWs(other, 'echo')).toEqual(ECHO);
    expect(await refused({})).toMatchObject({
      status: 503,
      body: { code: 'MAINTENANCE_ACTIVE', message: 'Back soon' },
    });
  });

  it('stay, and are let in, where the client is allowed', async () => {
    const allowed = await connect('acme', { 'x-forwarded-for': '198.51.100.1, 192.0.2.7' });
    const socket = await connect('acme');
    const closed = once(socket, 'close');
    const { bypassSecret = '' } = await maintenance.enable('acme', {
      allow: ['192.0.2.0/24'],
      bypass: true,
    });
    await closed;
    expect(await askWs(allowed, 'echo')).toEqual(ECHO);
    expect(await askWs(await connect('acme', { [HEADER]: bypassSecret }), 'echo')).toEqual(ECHO);
    // What the client says is before what the proxy adds.
    expect(await refused({ 'x-forwarded-for': '192.0.2.7, 198.51.100.1' })).toMatchObject({
      status: 503,
    });
  });

  it('are closed when it begins by itself', async () => {
    const socket = await connect('acme');
    const closed = once(socket, 'close');
    const from = Date.now() + 500;
    await maintenance.schedule('acme', { from: new Date(from), until: new Date(from + 60_000) });
    expect((await closed)[0]).toBe(1013);
    expect(Date.now()).toBeGreaterThanOrEqual(from);
  });
});

describe('sockets of a tenant in maintenance, on socket.io', () => {
  const clients = new SocketIoClients(() => app.port);

  beforeAll(() => start(TenantIoAdapter));
  afterAll(async () => {
    clients.close();
    await stop();
  });

  it('are told, and closed; new ones are refused until it is over', async () => {
    const extraHeaders = host('acme');
    const socket = await clients.connect('proxy', { extraHeaders });
    const heard = heardBy(socket);
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    await maintenance.enable('acme', { retryAfter: 90 });
    await gone;
    expect(heard[0]).toContain('MAINTENANCE_ACTIVE');
    expect(await clients.refused('proxy', { extraHeaders })).toMatchObject({
      data: { status: 503, code: 'MAINTENANCE_ACTIVE', retryAfter: 90 },
    });
    await maintenance.disable('acme');
    await clients.connect('proxy', { extraHeaders });
  });
});
