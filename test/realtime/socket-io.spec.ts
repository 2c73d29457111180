import {
  Catch,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type ExceptionFilter,
  type PipeTransform,
} from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { defer, map, of, Subject } from 'rxjs';
import type { Namespace, Server, Socket } from 'socket.io';
import type { Socket as ClientSocket } from 'socket.io-client';
import type { Repository } from 'typeorm';
import {
  byTokenClaim,
  bySubdomain,
  CentralRoute,
  CurrentTenant,
  Tenancy,
  TenantService,
  UniversalRoute,
} from '../../lib/index.js';
import { TenantIoAdapter } from '../../lib/realtime/socket.io/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { Note } from '../support/notes.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { heardBy, SocketIoClients } from './support/socket-io-client.js';
import { Guard, here, Interceptor, pass, passed } from './support/passed.js';
import { startSocketsApp, type SocketsApp } from './support/sockets-app.js';

@Injectable()
class Pipe implements PipeTransform {
  transform(value: unknown) {
    pass('pipe');
    return value;
  }
}

@Catch()
class Filter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost) {
    pass('filter');
    host.switchToWs().getClient<Socket>().emit('failed', error.message);
  }
}

const shared = new Subject<string>();

@WebSocketGateway()
@UseGuards(Guard)
@UseInterceptors(Interceptor)
@UseFilters(Filter)
class ChatGateway {
  @WebSocketServer() server!: Server;
  readonly kept = new Map<string, Socket>();

  constructor(@InjectRepository(Note) private readonly notes: Repository<Note>) {}

  async handleConnection(socket: Socket) {
    pass('connection');
    socket.on('raw', (answer: (slug: string) => void) => answer(here()));
    this.kept.set(String(socket.handshake.query['user'] ?? 'nobody'), socket);
    await this.notes.count();
    pass('connection, later');
  }

  handleDisconnect() {
    pass('disconnect');
  }

  @SubscribeMessage('whose')
  @UsePipes(Pipe)
  async whose(@MessageBody() _body: unknown, @CurrentTenant('slug') slug: string) {
    pass('handler');
    const notes = await this.notes.find();
    return { slug, notes: notes.map(({ text }) => text) };
  }

  @SubscribeMessage('fail')
  async fail() {
    await this.notes.count();
    throw new Error(`of ${here()}`);
  }

  @SubscribeMessage('observe')
  observe() {
    return defer(() => of({ event: 'observed', data: here() }));
  }

  /** What is said in any context, to whoever asked for it. */
  @SubscribeMessage('share')
  share() {
    return shared.pipe(map((data) => ({ event: 'shared', data })));
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() socket: Socket, @MessageBody() room: string) {
    await socket.join(room);
    return [...socket.rooms].filter((name) => name !== socket.id);
  }

  @SubscribeMessage('leave')
  async leave(@ConnectedSocket() socket: Socket, @MessageBody() room: string) {
    await socket.leave(room);
    return [...socket.rooms].filter((name) => name !== socket.id);
  }
}

@UniversalRoute()
@WebSocketGateway({ namespace: 'lobby' })
class LobbyGateway {
  @WebSocketServer() server!: Namespace;

  @SubscribeMessage('whose')
  whose() {
    return here();
  }
}

@CentralRoute()
@WebSocketGateway({ namespace: 'admin' })
class AdminGateway {
  @SubscribeMessage('whose')
  whose() {
    return here();
  }
}

@WebSocketGateway({ namespace: /^\/board-\d+$/ as unknown as string })
class BoardGateway {
  @WebSocketServer() server!: Namespace;

  @SubscribeMessage('whose')
  whose() {
    return here();
  }
}

const engine = engines[0]!;
let setup: EngineSetup;
let app: SocketsApp;
const clients = new SocketIoClients(() => app.port);
let tenants: TenantService;
let tenancy: Tenancy;
let chat: ChatGateway;

beforeAll(async () => {
  setup = await prepareInMemory(engine);
  app = await startSocketsApp({
    setup,
    adapter: (nest) => new TenantIoAdapter(nest),
    options: {
      identify: [
        byTokenClaim({
          claim: 'tenant',
          from: ({ auth }) => (typeof auth?.['token'] === 'string' ? auth['token'] : undefined),
          verify: (token) => JSON.parse(token),
        }),
        bySubdomain({ of: 'localhost' }),
      ],
    },
    imports: [TypeOrmModule.forFeature([Note])],
    providers: [ChatGateway, LobbyGateway, AdminGateway, BoardGateway],
  });
  tenants = app.nest.get(TenantService);
  tenancy = app.nest.get(Tenancy);
  chat = app.nest.get(ChatGateway);
  for (const slug of ['acme', 'globex']) {
    await tenants.create({ slug });
    await tenancy.run(slug, () => chat['notes'].save({ text: `note of ${slug}` }));
  }
});

afterEach(async () => {
  clients.close();
  await until('all have left', () => chat.server.engine.clientsCount === 0);
  passed.length = 0;
});

afterAll(async () => {
  await app.nest.close();
  await setup.cleanUp();
});

const ask = (socket: ClientSocket, event: string, body?: unknown) =>
  socket.timeout(5_000).emitWithAck(event, ...(body === undefined ? [] : [body]));

describe('the handshake', () => {
  it('finds the tenant by the host', async () => {
    const socket = await clients.connect('acme.localhost');
    expect(await ask(socket, 'whose', {})).toEqual({ slug: 'acme', notes: ['note of acme'] });
  });

  it('is refused before handleConnection when it leads to no tenant', async () => {
    for (const host of ['unknown.localhost', 'localhost']) {
      expect(await clients.refused(host)).toMatchObject({
        message: 'Not Found',
        data: { status: 404, code: 'TENANT_NOT_FOUND' },
      });
    }
    expect(passed).toEqual([]);
  });

  it.each(['suspend', 'block'] as const)('is refused when the tenant is: %s', async (change) => {
    const { id } = await tenants.create({ slug: `to-${change}` });
    await tenants[change](id);
    expect(await clients.refused(`to-${change}.localhost`)).toMatchObject({
      data: { status: 403, code: change === 'suspend' ? 'TENANT_SUSPENDED' : 'TENANT_BLOCKED' },
    });
    expect(passed).toEqual([]);
  });

  it('reads the token that a browser sends beside it, and refuses what contradicts the host', async () => {
    const token = (tenant: string) => ({ auth: { token: JSON.stringify({ tenant }) } });
    for (const transports of [['websocket'], ['polling']]) {
      const socket = await clients.connect('localhost', { ...token('globex'), transports });
      expect(await ask(socket, 'whose', {})).toMatchObject({ slug: 'globex' });
    }
    expect(await clients.refused('acme.localhost', token('globex'))).toMatchObject({
      data: { status: 403, code: 'TENANT_FORBIDDEN' },
    });
    expect(await clients.refused('acme.localhost', { auth: { token: '{' } })).toMatchObject({
      data: { status: 401, code: 'TENANT_CREDENTIAL_INVALID' },
    });
  });

  it('goes by the mode of the gateways of its namespace', async () => {
    const visitor = await clients.connect('localhost', { namespace: '/lobby' });
    expect(await ask(visitor, 'whose')).toBe('no tenant: a socket without a tenant');
    const member = await clients.connect('acme.localhost', { namespace: '/lobby' });
    expect(await ask(member, 'whose')).toBe('acme');
    const operator = await clients.connect('localhost', { namespace: '/admin' });
    expect(await ask(operator, 'whose')).toBe('no tenant: a socket without a tenant');
    expect(await clients.refused('acme.localhost', { namespace: '/admin' })).toMatchObject({
      data: { code: 'ROUTE_NOT_FOR_TENANT' },
    });
  });

  it('is asked of namespaces that are made of a pattern, too', async () => {
    const first = await clients.connect('acme.localhost', { namespace: '/board-1' });
    const second = await clients.connect('globex.localhost', { namespace: '/board-1' });
    expect(await ask(first, 'whose')).toBe('acme');
    expect(await clients.refused('localhost', { namespace: '/board-1' })).toMatchObject({
      data: { code: 'TENANT_NOT_FOUND' },
    });
    const heard = [heardBy(first), heardBy(second)];
    await tenancy.run('acme', () => app.nest.get(BoardGateway).server.emit('news', 1));
    await tenancy.run('globex', () => app.nest.get(BoardGateway).server.emit('end'));
    await until('globex hears the end', () => heard[1]!.length > 0);
    expect(heard).toEqual([['news:1'], ['end:undefined']]);
  });
});

it('an app that lets socket.io give sockets back what they had does not start', async () => {
  @WebSocketGateway({ connectionStateRecovery: {} })
  class Recovering {}
  const started = () =>
    startSocketsApp({
      setup,
      adapter: (nest) => new TenantIoAdapter(nest),
      providers: [Recovering],
    });
  expect(await codeOf(started)).toBe('STATE_RECOVERY_REFUSED');
});

describe('a message', () => {
  it('is in its tenant all the way, on one socket after the other', async () => {
    const acme = await clients.connect('acme.localhost');
    const globex = await clients.connect('globex.localhost');
    await until('handleConnection has ended', () => passed.length === 4);
    passed.length = 0;
    for (const [socket, slug] of [
      [acme, 'acme'],
      [globex, 'globex'],
      [acme, 'acme'],
    ] as const) {
      expect(await ask(socket, 'whose', {})).toEqual({ slug, notes: [`note of ${slug}`] });
      // Two parameters, two runs of the pipe.
      const way = ['guard', 'interceptor', 'pipe', 'pipe', 'handler'];
      expect(passed.splice(0)).toEqual(way.map((part) => `${part}:${slug}`));
    }
  });

  it('at the same time as others keeps its own tenant', async () => {
    const sockets = await Promise.all(
      ['acme', 'globex'].map(async (slug) => ({
        slug,
        socket: await clients.connect(`${slug}.localhost`),
      })),
    );
    const all = Array.from({ length: 100 }, (_, n) => sockets[n % 2]!);
    const answers = await Promise.all(all.map(({ socket }) => ask(socket, 'whose', {})));
    expect(answers).toEqual(all.map(({ slug }) => ({ slug, notes: [`note of ${slug}`] })));
  });

  it('that fails is filtered in its tenant', async () => {
    const socket = await clients.connect('acme.localhost');
    const failed = new Promise((resolve) => socket.once('failed', resolve));
    socket.emit('fail');
    expect(await failed).toBe('of acme');
    expect(passed).toContain('filter:acme');
  });

  it('is in its tenant when an observable answers it, and in listeners of the app', async () => {
    const socket = await clients.connect('acme.localhost');
    const observed = new Promise((resolve) => socket.once('observed', resolve));
    socket.emit('observe');
    expect(await observed).toBe('acme');
    expect(await ask(socket, 'raw')).toBe('acme');
  });

  it('is answered by what is said in another context', async () => {
    const socket = await clients.connect('acme.localhost');
    const told = new Promise((resolve) => socket.once('shared', resolve));
    socket.emit('share');
    await until('it listens', () => shared.observed);
    await tenancy.run('globex', () => shared.next('to all'));
    expect(await told).toBe('to all');
  });

  it('leaves in its tenant', async () => {
    const socket = await clients.connect('globex.localhost');
    socket.disconnect();
    await until('it has left', () => passed.includes('disconnect:globex'));
    expect(passed.toSorted()).toEqual([
      'connection, later:globex',
      'connection:globex',
      'disconnect:globex',
    ]);
  });
});

describe('rooms and broadcasts', () => {
  async function twoInEach(room: string) {
    const sockets: Record<string, ClientSocket[]> = {};
    for (const slug of ['acme', 'globex']) {
      sockets[slug] = [];
      for (const user of ['ann', 'bob']) {
        const socket = await clients.connect(`${slug}.localhost`, { query: { user } });
        expect(await ask(socket, 'join', room)).toEqual([room]);
        sockets[slug].push(socket);
      }
    }
    const heard = {
      acme: sockets['acme']!.map(heardBy),
      globex: sockets['globex']!.map(heardBy),
    };
    /** What was sent before is there when this is. */
    const end = async () => {
      for (const slug of ['acme', 'globex']) await tenancy.run(slug, () => chat.server.emit('end'));
      await until('all heard the end', () =>
        Object.values(heard)
          .flat()
          .every((one) => one.includes('end:undefined')),
      );
      const texts = (all: string[][]) =>
        all.map((one) => one.filter((text) => text !== 'end:undefined'));
      return { acme: texts(heard.acme), globex: texts(heard.globex) };
    };
    return { acme: sockets['acme']!, globex: sockets['globex']!, end };
  }

  it.each<[string, (server: Server, ids: string[]) => unknown]>([
    ['server.emit', (server) => server.emit('message', 1)],
    ['server.send', (server) => server.send(1)],
    ['server.to(room)', (server) => server.to('room').emit('message', 1)],
    ['server.in(room)', (server) => server.in('room').emit('message', 1)],
    ['server.to(a list of rooms)', (server) => server.to(['room', 'other']).emit('message', 1)],
    ['server.except(another room)', (server) => server.except('other').emit('message', 1)],
    ['server.volatile', (server) => server.volatile.emit('message', 1)],
    ['server.local', (server) => server.local.emit('message', 1)],
    ['server.sockets', (server) => server.sockets.emit('message', 1)],
    ['server.of', (server) => server.of('/').emit('message', 1)],
    [
      'with an acknowledgement',
      (server) => server.timeout(100).emit('message', 1, () => undefined),
    ],
    ["every socket's id", (server, ids) => server.to(ids).emit('message', 1)],
    [
      'the sockets of a list',
      async (server) => (await server.fetchSockets()).forEach((one) => one.emit('message', 1)),
    ],
    [
      'server.sockets.sockets',
      (server) => server.sockets.sockets.forEach((one) => one.emit('message', 1)),
    ],
  ])('%s reaches the sockets of the running tenant only', async (_name, send) => {
    const { acme, globex, end } = await twoInEach('room');
    const ids = [...acme, ...globex].map(({ id }) => id!);
    await tenancy.run('acme', () => send(chat.server, ids));
    expect(await end()).toEqual({ acme: [['message:1'], ['message:1']], globex: [[], []] });
  });

  it('socket.broadcast and socket.to leave the sender out, and other tenants', async () => {
    const { acme, end } = await twoInEach('room');
    const own = await tenancy.run('acme', () => chat.server.sockets.sockets.get(acme[0]!.id!)!);
    await tenancy.run('acme', () => {
      own.broadcast.emit('broadcast', 1);
      own.to('room').emit('to', 2);
    });
    expect(await end()).toEqual({ acme: [[], ['broadcast:1', 'to:2']], globex: [[], []] });
  });

  it('are kept apart by an adapter that is set later, too', async () => {
    chat.server.adapter(chat.server.adapter()!);
    const { acme, end } = await twoInEach('room');
    expect(acme).toHaveLength(2);
    await tenancy.run('acme', () => chat.server.to('room').emit('news', 1));
    expect(await end()).toEqual({ acme: [['news:1'], ['news:1']], globex: [[], []] });
  });

  it('lists, joins, leaves and disconnects the sockets of the running tenant only', async () => {
    const { acme, globex } = await twoInEach('room');
    const ids = acme.map(({ id }) => id).sort();
    await tenancy.run('acme', async () => {
      const { server } = chat;
      const listed = await server.fetchSockets();
      expect(listed.map(({ id }) => id).sort()).toEqual(ids);
      expect([...listed[0]!.rooms]).toEqual([listed[0]!.id, 'room']);
      expect([...server.sockets.sockets.keys()].sort()).toEqual(ids);
      expect([...server.sockets.adapter.rooms.get('room')!].sort()).toEqual(ids);
      expect([...server.sockets.adapter.sids.keys()].sort()).toEqual(ids);
      server.socketsJoin('second');
      expect(await server.in('second').fetchSockets()).toHaveLength(2);
      server.in('room').socketsLeave('second');
      expect(await server.in('second').fetchSockets()).toHaveLength(0);
      server.socketsJoin('third');
    });
    await tenancy.run('globex', async () => {
      expect(await chat.server.in('third').fetchSockets()).toHaveLength(0);
      expect(await chat.server.in(`${(await tenants.get('acme')).id}/room`).fetchSockets()).toEqual(
        [],
      );
    });
    await tenancy.run('acme', () => chat.server.disconnectSockets());
    await until('they are disconnected', () => acme.every(({ connected }) => !connected));
    expect(await ask(globex[0]!, 'whose', {})).toMatchObject({ slug: 'globex' });
    expect(globex.every(({ connected }) => connected)).toBe(true);
  });

  it('a room is left by name', async () => {
    const socket = await clients.connect('acme.localhost');
    expect(await ask(socket, 'join', 'a')).toEqual(['a']);
    expect(await ask(socket, 'leave', 'a')).toEqual([]);
  });

  it('a socket kept under a key that two tenants have cannot be sent to by the other', async () => {
    const { globex, end } = await twoInEach('room');
    const kept = chat.kept.get('ann')!;
    expect(kept.id).toBe(globex[0]!.id);
    const sent = codeOf(() => tenancy.run('acme', () => kept.emit('secret', 1)));
    expect(await sent).toBe('SOCKET_OF_OTHER_TENANT');
    await tenancy.run('globex', () => kept.emit('news', 1));
    expect(await end()).toEqual({ acme: [[], []], globex: [['news:1'], []] });
  });

  it('central code reaches the sockets of no tenant, and code without a context none', async () => {
    const visitor = await clients.connect('localhost', { namespace: '/lobby' });
    const member = await clients.connect('acme.localhost', { namespace: '/lobby' });
    const heard = [heardBy(visitor), heardBy(member)];
    const lobby = app.nest.get(LobbyGateway);
    await tenancy.runCentral('a test', () => lobby.server.emit('news', 1));
    await tenancy.run('acme', () => lobby.server.emit('end'));
    await until('the member hears the end', () => heard[1]!.length > 0);
    expect(heard).toEqual([['news:1'], ['end:undefined']]);
    for (const reach of [
      () => lobby.server.emit('news'),
      () => lobby.server.to('room').emit('news'),
      () => lobby.server.fetchSockets(),
      () => lobby.server.disconnectSockets(),
      () => lobby.server.sockets.size,
    ]) {
      expect(await codeOf(async () => reach())).toBe('TENANT_CONTEXT_MISSING');
    }
  });
});

describe('a tenant that is not served any more', () => {
  it.each(['suspend', 'block', 'delete'] as const)(
    '%s: its sockets are disconnected within a second',
    async (change) => {
      const slug = `ends-by-${change}`;
      const { id, name } = await tenants.create({ slug });
      const socket = await clients.connect(`${slug}.localhost`);
      const other = await clients.connect('acme.localhost');
      const heard = heardBy(socket);
      const gone = new Promise((resolve) => socket.once('disconnect', resolve));
      const start = performance.now();
      if (change === 'delete') await tenants.delete(id, { confirm: name });
      else await tenants[change](id);
      expect(await gone).toBe('io server disconnect');
      expect(performance.now() - start).toBeLessThan(1_000);
      const code = {
        suspend: 'TENANT_SUSPENDED',
        block: 'TENANT_BLOCKED',
        delete: 'TENANT_NOT_FOUND',
      }[change];
      expect(heard[0]).toContain(code);
      expect(passed).toContain(`disconnect:${slug}`);
      expect(await ask(other, 'whose', {})).toMatchObject({ slug: 'acme' });
    },
  );

  it('is cut off whatever the app makes of it, and so is the next', async () => {
    const sockets: ClientSocket[] = [];
    for (const slug of ['throwing', 'throwing', 'next']) {
      if (sockets.length !== 1) await tenants.create({ slug });
      sockets.push(await clients.connect(`${slug}.localhost`));
    }
    await tenancy.run('throwing', () => {
      for (const socket of chat.server.sockets.sockets.values()) {
        socket.on('disconnect', () => {
          throw new Error('of the app');
        });
      }
    });
    for (const slug of ['throwing', 'next']) await tenants.suspend(slug);
    await until('all are gone', () => sockets.every(({ connected }) => !connected));
  });
});
