import { audienceOf, type Audience } from '../audience.js';
import type { Namespace } from './native.js';

// A room of an app is, to socket.io, one for each tenant: `<tenant>/<room>`. And each tenant's sockets are in a room of
// their own, `<tenant>`, which is what "everybody" means.

type Adapter = Namespace['adapter'];
type Room = string;

/** Where those are that have no tenant. Ids of tenants hold no slash, and this is none. */
const WITHOUT_TENANT = '-';

/** The room of all sockets of an audience. */
export function everybody({ tenantId = WITHOUT_TENANT }: Audience): Room {
  return tenantId;
}

/** What socket.io calls an app's room. */
export function roomOf(audience: Audience, room: Room): Room {
  return `${everybody(audience)}/${room}`;
}

/** What the app calls a room of socket.io's; undefined when it is another audience's, or everybody's. */
export function nameOf(audience: Audience, room: Room): Room | undefined {
  const prefix = roomOf(audience, '');
  return room.startsWith(prefix) ? room.slice(prefix.length) : undefined;
}

interface Whom {
  readonly rooms: Set<Room>;
  readonly except?: Set<Room>;
}

function within<O extends Whom>(options: O): O {
  const audience = audienceOf('A broadcast to sockets');
  const { rooms, except = new Set() } = options;
  return {
    ...options,
    rooms: roomsOf(audience, rooms),
    except: new Set([...except].map((room) => roomOf(audience, room))),
  };
}

function roomsOf(audience: Audience, rooms: ReadonlySet<Room>): Set<Room> {
  if (rooms.size === 0) return new Set([everybody(audience)]);
  return new Set([...rooms].map((room) => roomOf(audience, room)));
}

/**
 * Keeps what goes through an adapter of socket.io, whichever it is, with the sockets of the running code's tenant: every
 * broadcast, listing, joining and disconnecting of `Server`, `Namespace`, `Socket` and what `to()` gives ends here. What
 * arrives from other processes has been through this there.
 */
export function keepWithinTenants(adapter: Adapter): Adapter {
  const broadcast = adapter.broadcast.bind(adapter);
  const broadcastWithAck = adapter.broadcastWithAck.bind(adapter);
  const sockets = adapter.sockets.bind(adapter);
  const fetchSockets = adapter.fetchSockets.bind(adapter);
  const addSockets = adapter.addSockets.bind(adapter);
  const delSockets = adapter.delSockets.bind(adapter);
  const disconnectSockets = adapter.disconnectSockets.bind(adapter);

  adapter.broadcast = (packet, options) => broadcast(packet, within(options));
  adapter.broadcastWithAck = (packet, options, count, ack) =>
    broadcastWithAck(packet, within(options), count, ack);
  adapter.sockets = (rooms) => sockets(roomsOf(audienceOf('A list of sockets'), rooms));
  adapter.fetchSockets = (options) => fetchSockets(within(options));
  // The rooms to join are given to each socket, which knows whose it is.
  adapter.addSockets = (options, rooms) => addSockets(within(options), rooms);
  adapter.delSockets = (options, rooms) => delSockets(within(options), rooms);
  adapter.disconnectSockets = (options, close) => disconnectSockets(within(options), close);
  return adapter;
}

/** `adapter.rooms` and `adapter.sids` as the running code may see them, by the names that the app gave. */
export function roomsWithin(rooms: Adapter['rooms']): Adapter['rooms'] {
  const audience = audienceOf('A list of rooms');
  const named = new Map<Room, Set<string>>();
  for (const [room, ids] of rooms) {
    const name = nameOf(audience, room);
    if (name !== undefined) named.set(name, new Set(ids));
  }
  return named;
}

export function sidsWithin(sids: Adapter['sids']): Adapter['sids'] {
  const audience = audienceOf('A list of sockets');
  const named = new Map<string, Set<Room>>();
  for (const [id, rooms] of sids) {
    if (rooms.has(everybody(audience))) named.set(id, new Set(namesOf(audience, rooms)));
  }
  return named;
}

/** The names of those of `rooms` that the app joined. */
export function namesOf(audience: Audience, rooms: Iterable<Room>): Room[] {
  return [...rooms].flatMap((room) => nameOf(audience, room) ?? []);
}
