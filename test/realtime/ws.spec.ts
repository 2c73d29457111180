import { UseGuards, UseInterceptors } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { defer, of } from 'rxjs';
import type { Repository } from 'typeorm';
import type { WebSocketServer as Server, WebSocket } from 'ws';
import {
  byTokenClaim,
  bySubdomain,
  byDomain,
  CentralRoute,
  Tenancy,
  TenantService,
  UniversalRoute,
} from '../../lib/index.js';
import { TenantWsAdapter } from '../../lib/realtime/ws/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { Guard, here, Interceptor, pass, passed } from './support/passed.js';
import { startSocketsApp, type SocketsApp } from './support/sockets-app.js';
import { askWs, heardOverWs, WsClients } from './support/ws-clients.js';

@WebSocketGateway({
  path: '/chat',
  verifyClient: ({ req }: { req: IncomingMessage }) => {
    pass('verifyClient');
    return req.headers['x-banned'] === undefined;
  },
})
@UseGuards(Guard)
@UseInterceptors(Interceptor)
class ChatGateway {
  @WebSocketServer() server!: Server;
  readonly kept = new Map<string, WebSocket>();

  constructor(@InjectRepository(Note) private readonly notes: Repository<Note>) {}

  handleConnection(socket: WebSocket, request: IncomingMessage) {
    pass('connection');
    socket.on('ping', () => pass('ping'));
    this.kept.set(String(request.headers['x-user']), socket);
  }

  async handleDisconnect() {
    await this.notes.count();
    pass('disconnect');
  }

  @SubscribeMessage('whose')
  async whose(@MessageBody() _body: unknown) {
    pass('handler');
    const notes = await this.notes.find();
    return { slug: here(), notes: notes.map(({ text }) => text) };
  }

  @SubscribeMessage('observe')
  observe() {
    return defer(() => of(here()));
  }

  @SubscribeMessage('wait')
  async wait(@MessageBody() order: number) {
    return order;
  }

  @SubscribeMessage('broadcast')
  broadcast(@MessageBody() text: string) {
    for (const client of this.server.clients) client.send(JSON.stringify(text));
  }
}

@UniversalRoute()
@WebSocketGateway({ path: '/lobby' })
class LobbyGateway {
  @WebSocketServer() server!: Server;

  @SubscribeMessage('whose')
  whose() {
    return { slug: here() };
  }
}

const engine = engines[0]!;
let setup: EngineSetup;
let app: SocketsApp;
const clients = new WsClients(() => app.port);
let tenants: TenantService;
let tenancy: Tenancy;
let chat: ChatGateway;

beforeAll(async () => {
  setup = await prepareInMemory(engine);
  app = await startSocketsApp({
    setup,
    adapter: (nest) => new TenantWsAdapter(nest, { trustProxy: true }),
    options: {
      identify: [
        byTokenClaim({ claim: 'tenant', verify: (token) => JSON.parse(atob(token)) }),
        bySubdomain({ of: 'localhost' }),
        byDomain(),
      ],
    },
    imports: [TypeOrmModule.forFeature([Note])],
    providers: [ChatGateway, LobbyGateway],
  });
  tenants = app.nest.get(TenantService);
  tenancy = app.nest.get(Tenancy);
  chat = app.nest.get(ChatGateway);
  for (const slug of ['acme', 'globex']) {
    await tenants.create({ slug });
    await tenancy.run(slug, () => chat['notes'].save({ text: `note of ${slug}` }));
  }
});

const connected = (slug: string) => tenancy.run(slug, () => chat.server.clients.size);

afterEach(async () => {
  clients.close();
  await until(
    'all have left',
    async () => (await connected('acme')) + (await connected('globex')) === 0,
  );
  passed.length = 0;
});

afterAll(async () => {
  await app.nest.close();
  await setup.cleanUp();
});

const connect = (slug: string, user = 'ann') =>
  clients.connect(`${slug}.localhost`, '/chat', { 'x-user': user });

describe('the handshake', () => {
  it('finds the tenant by the host, also the one that a trusted proxy forwards', async () => {
    const direct = await connect('acme');
    expect(await askWs(direct, 'whose')).toEqual({ slug: 'acme', notes: ['note of acme'] });
    const headers = { 'x-forwarded-host': 'globex.localhost' };
    const forwarded = await clients.connect('app', '/chat', headers);
    expect(await askWs(forwarded, 'whose')).toMatchObject({ slug: 'globex' });
  });

  it('is answered as a request is, before handleConnection, when it leads to no tenant', async () => {
    for (const host of ['unknown.localhost', 'localhost']) {
      expect(await clients.refused(host, '/chat')).toMatchObject({
        status: 404,
        body: { code: 'TENANT_NOT_FOUND', message: 'Not Found' },
      });
    }
    expect(passed).toEqual([]);
  });

  it('is refused when the token contradicts the host, or does not verify', async () => {
    const bearer = (token: string) => ({ authorization: `Bearer ${btoa(token)}` });
    const token = bearer('{"tenant":"globex"}');
    const socket = await clients.connect('localhost', '/chat', token);
    expect(await askWs(socket, 'whose')).toMatchObject({ slug: 'globex' });
    expect(await clients.refused('acme.localhost', '/chat', token)).toMatchObject({
      status: 403,
      body: { code: 'TENANT_FORBIDDEN' },
    });
    expect(await clients.refused('acme.localhost', '/chat', bearer('{'))).toMatchObject({
      status: 401,
      body: { code: 'TENANT_CREDENTIAL_INVALID' },
    });
  });

  it.each(['suspend', 'block'] as const)('is refused when the tenant is: %s', async (change) => {
    const { id } = await tenants.create({ slug: `to-${change}` });
    await tenants[change](id);
    expect(await clients.refused(`to-${change}.localhost`, '/chat')).toMatchObject({
      status: 403,
      body: { code: change === 'suspend' ? 'TENANT_SUSPENDED' : 'TENANT_BLOCKED' },
    });
    expect(passed).toEqual([]);
  });

  it("is the gateway's to refuse, too, in the tenant", async () => {
    const banned = clients.client('acme.localhost', '/chat', { 'x-banned': 'yes' });
    const [error] = await once(banned, 'error');
    expect(error.message).toContain('401');
    expect(passed).toEqual(['verifyClient:acme']);
  });

  it('goes by the mode of the gateway', async () => {
    const visitor = await clients.connect('localhost', '/lobby');
    expect(await askWs(visitor, 'whose')).toEqual({
      slug: 'no tenant: a socket without a tenant',
    });
    const member = await clients.connect('acme.localhost', '/lobby');
    expect(await askWs(member, 'whose')).toEqual({ slug: 'acme' });
  });

  it('is refused while the tenant waits for a migration, as a request is', async () => {
    const behind = await startSocketsApp({
      setup,
      adapter: (nest) => new TenantWsAdapter(nest),
      options: { tenants: { migrations: [CreateNotes1700000000001] } },
      providers: [LobbyGateway],
    });
    const refused = await new WsClients(() => behind.port).refused('acme.localhost', '/lobby');
    expect(refused).toMatchObject({ status: 503, body: { code: expect.stringMatching(/MIGRAT/) } });
    await behind.nest.close();
  });

  it('of gateways that disagree keeps the app from starting', async () => {
    @CentralRoute()
    @WebSocketGateway({ path: '/lobby' })
    class Disagreeing {}
    const started = () =>
      startSocketsApp({
        setup,
        adapter: (nest) => new TenantWsAdapter(nest),
        providers: [LobbyGateway, Disagreeing],
      });
    expect(await codeOf(started)).toBe('GATEWAY_MODES_DIFFER');
  });
});

describe('a message', () => {
  it('is in its tenant all the way, on one socket after the other', async () => {
    const acme = await connect('acme');
    const globex = await connect('globex');
    passed.length = 0;
    for (const [socket, slug] of [
      [acme, 'acme'],
      [globex, 'globex'],
      [acme, 'acme'],
    ] as const) {
      expect(await askWs(socket, 'whose')).toEqual({ slug, notes: [`note of ${slug}`] });
      const way = ['guard', 'interceptor', 'handler'];
      expect(passed.splice(0)).toEqual(way.map((part) => `${part}:${slug}`));
    }
  });

  it('is in its tenant when an observable answers it, and in listeners of the app', async () => {
    const socket = await connect('acme');
    expect(await askWs(socket, 'observe')).toBe('acme');
    socket.ping();
    await until('it was pinged', () => passed.includes('ping:acme'));
  });

  it('leaves in its tenant', async () => {
    const socket = await connect('globex');
    socket.close();
    await until('it has left', () => passed.includes('disconnect:globex'));
    expect(passed).toEqual(['verifyClient:globex', 'connection:globex', 'disconnect:globex']);
  });

  it('does not overtake another while its tenant is read again', async () => {
    const socket = await connect('acme');
    const heard = heardOverWs(socket);
    const { id } = await tenants.get('acme');
    for (let order = 0; order < 50; order += 1) {
      socket.send(JSON.stringify({ event: 'wait', data: order }));
      if (order % 5 === 0) await tenants.update(id, { name: `Acme ${order}` });
    }
    await until('all are answered', () => heard.length === 50);
    expect(heard).toEqual(Array.from({ length: 50 }, (_, order) => order));
  });
});

describe('a broadcast', () => {
  it("over server.clients reaches the running tenant's sockets only", async () => {
    const sockets = [await connect('acme'), await connect('globex'), await connect('acme', 'bob')];
    const heard = sockets.map(heardOverWs);
    sockets[0]!.send(JSON.stringify({ event: 'broadcast', data: 'news' }));
    sockets[1]!.send(JSON.stringify({ event: 'broadcast', data: 'other news' }));
    await until('all have heard', () => heard.every(({ length }) => length > 0));
    expect(heard).toEqual([['news'], ['other news'], ['news']]);
    expect([await connected('acme'), await connected('globex')]).toEqual([2, 1]);
    expect(await codeOf(() => chat.server.clients)).toBe('TENANT_CONTEXT_MISSING');
    expect(await tenancy.runCentral('a test', () => chat.server.clients.size)).toBe(0);
  });

  it('a socket kept under a key that two tenants have cannot be sent to by the other', async () => {
    await connect('acme');
    await connect('globex');
    const kept = chat.kept.get('ann')!;
    expect(await codeOf(() => tenancy.run('acme', () => kept.send('secret')))).toBe(
      'SOCKET_OF_OTHER_TENANT',
    );
  });
});

describe('a tenant that is not served any more', () => {
  it.each([
    ['suspend', 4_403, 'TENANT_SUSPENDED'],
    ['block', 4_403, 'TENANT_BLOCKED'],
    ['delete', 4_404, 'TENANT_NOT_FOUND'],
  ] as const)('%s: its sockets are closed within a second', async (change, code, reason) => {
    const slug = `ends-by-${change}`;
    const { id, name } = await tenants.create({ slug });
    const socket = await connect(slug);
    const other = await connect('acme');
    const closed = once(socket, 'close');
    const start = performance.now();
    if (change === 'delete') await tenants.delete(id, { confirm: name });
    else await tenants[change](id);
    const [status, text] = await closed;
    expect([status, String(text)]).toEqual([code, reason]);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await askWs(other, 'whose')).toMatchObject({ slug: 'acme' });
  });

  it('is cut off when it does not take leave', async () => {
    const { id } = await tenants.create({ slug: 'deaf' });
    const socket = await connect('deaf');
    socket.pause();
    const left = until('it is cut off', () => passed.includes('disconnect:deaf'));
    const start = performance.now();
    await tenants.suspend(id);
    await left;
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
