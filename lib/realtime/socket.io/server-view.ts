import { audienceOf, within } from '../audience.js';
import type { SocketTenancy } from '../socket-tenancy.js';
import { viewOf } from '../view.js';
import type { Namespace, Server, Socket } from './native.js';
import { roomsWithin, sidsWithin } from './tenant-rooms.js';

/** Whose each socket is. */
type Tenancies = WeakMap<Socket, SocketTenancy>;

/** A server as a gateway gets it: its maps, too, hold the sockets and rooms of the running code's tenant only. */
export function serverView(server: Server, tenancies: Tenancies): Server {
  const view: Server = viewOf(server, {
    sockets: (namespace) => namespaceView(namespace, tenancies),
    of: () => (name, listener) => namespaceView(server.of(name, listener), tenancies),
  });
  return view;
}

export function namespaceView(namespace: Namespace, tenancies: Tenancies): Namespace {
  return viewOf(namespace, {
    sockets: (sockets) => {
      const audience = audienceOf('A list of sockets');
      const own = within(audience, sockets.values(), tenancies);
      return new Map([...own].map((socket) => [socket.id, socket]));
    },
    adapter: (adapter) => viewOf(adapter, { rooms: roomsWithin, sids: sidsWithin }),
    server: (server) => serverView(server, tenancies),
  });
}
