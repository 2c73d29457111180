import type { SocketTenancy } from '../socket-tenancy.js';
import type { Socket } from './native.js';
import { everybody, namesOf, roomOf } from './tenant-rooms.js';

/**
 * Makes a socket its tenant's: what it joins are rooms of the tenant, whoever has it join, and code of another tenant
 * cannot send to it.
 */
export function makeTenants(socket: Socket, tenancy: SocketTenancy): void {
  const { adapter } = socket.nsp;
  const nativeRooms = () => adapter.socketRooms(socket.id) ?? new Set<string>();

  const emit = socket.emit.bind(socket);
  socket.emit = (event, ...args) => {
    tenancy.refuseOthers();
    return emit(event, ...args);
  };
  socket.join = (rooms) =>
    adapter.addAll(socket.id, new Set([rooms].flat().map((room) => roomOf(tenancy, room))));
  socket.leave = (room) => adapter.del(socket.id, roomOf(tenancy, room));
  Object.defineProperty(socket, 'rooms', { get: () => new Set(namesOf(tenancy, nativeRooms())) });
  void adapter.addAll(socket.id, new Set([everybody(tenancy)]));
}
