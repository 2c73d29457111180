import { ClientNats, type ClientRedis, type ClientTCP } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import {
  currentContext,
  requireTenant,
  runDetached,
  type TenancyContext,
} from '../context/tenant-context.js';
import { sendInEnvelope } from './in-envelope.js';
import { sendInHeader } from './in-header.js';
import { Outgoing } from './message-tenant.js';
import { within } from './within.js';

/** A client whose messages carry their tenant. */
export type BoundClient = ClientNats | ClientRedis | ClientTCP;

/**
 * Has a client send for the tenant of the running code, or, when `central`, for none. Its methods are replaced on the
 * object itself, because NestJS has handed it out already.
 */
export function bindClient(client: BoundClient, central: boolean): void {
  const connect: () => Promise<unknown> = client.connect.bind(client);
  const send: (pattern: unknown, data: unknown) => Observable<never> = client.send.bind(client);
  const emit: (pattern: unknown, data: unknown) => Observable<never> = client.emit.bind(client);

  if (client instanceof ClientNats) sendInHeader(client);
  else sendInEnvelope(client);
  // The connection outlives who opens it, and serves everybody.
  client.connect = () => runDetached('connect to a microservice', connect);
  const outgoing = (operation: string, data: unknown) => {
    if (central) return data;
    const { id } = requireTenant(`${operation}() of a microservice's client`);
    // NestJS refuses a message without data.
    return data === undefined || data === null ? data : new Outgoing(data, id);
  };
  client.send = (pattern: unknown, data: unknown) =>
    within(callers(), send(pattern, outgoing('send', data)));
  client.emit = (pattern: unknown, data: unknown) =>
    within(callers(), emit(pattern, outgoing('emit', data)));
}

/** The context that the answer is handed on in. */
function callers(): TenancyContext {
  return (
    currentContext() ?? {
      centralReason: 'the answer to a message of no tenant',
      work: { wrote: false },
    }
  );
}
