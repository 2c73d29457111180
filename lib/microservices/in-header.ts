import { ClientNats, NatsContext, type ReadPacket } from '@nestjs/microservices';
import { Incoming, Outgoing } from './message-tenant.js';

/** The header of NATS that a tenant's id stands in. */
const TENANT_HEADER = 'nestjs-tenancy-tenant';

/** What is needed of `MsgHdrs`, of whichever package of NATS the version of NestJS loads. Names are taken as written. */
interface Headers {
  keys(): string[];
  values(name: string): string[];
  append(name: string, value: string): void;
  set(name: string, value: string): void;
  delete(name: string): void;
}

/**
 * Has a client of NATS write the tenant of an {@link Outgoing} into a header of the message, whatever the app's own headers
 * say.
 */
export function sendInHeader(client: ClientNats): void {
  const publish = client['publish'];
  const dispatchEvent = client['dispatchEvent'];
  client['publish'] = (packet, callback) =>
    Reflect.apply(publish, writerOf(client, packet), [unwrapped(packet), callback]);
  client['dispatchEvent'] = (packet) =>
    Reflect.apply(dispatchEvent, writerOf(client, packet), [unwrapped(packet)]);
}

/** What was received over NATS, whose headers NestJS has in its context of a message; undefined of other transports. */
export function receivedInHeader(data: unknown, context: unknown): Incoming | undefined {
  if (!(context instanceof NatsContext)) return undefined;
  const headers: Headers | undefined = context.getHeaders();
  const named = headers?.values(TENANT_HEADER) ?? [];
  // Of several none is to be preferred.
  return new Incoming(data, named.length === 1 ? named[0] : undefined);
}

/** The client, as it is while it writes one message: NestJS tells what makes the headers nothing of the message. */
function writerOf(client: ClientNats, { data }: ReadPacket): ClientNats {
  const tenantId = data instanceof Outgoing ? data.tenantId : undefined;
  const mergeHeaders = (given?: Headers) => {
    const headers: Headers | undefined = client['mergeHeaders'](copyOf(given));
    if (tenantId === undefined) {
      headers?.delete(TENANT_HEADER);
      return headers;
    }
    const addressed = headers ?? noHeaders();
    addressed.set(TENANT_HEADER, tenantId);
    return addressed;
  };
  return Object.assign(Object.create(client), { mergeHeaders });
}

function unwrapped(packet: ReadPacket): ReadPacket {
  const { data } = packet;
  return data instanceof Outgoing ? { ...packet, data: data.data } : packet;
}

/** An app may send the headers of one record for several tenants at once. */
function copyOf(headers: Headers | undefined): Headers | undefined {
  if (headers === undefined) return undefined;
  const copy = noHeaders();
  for (const name of headers.keys()) {
    for (const value of headers.values(name)) copy.append(name, value);
  }
  return copy;
}

/** Of the package that NestJS has loaded: `nats` in version 11, `@nats-io/transport-node` in version 12. */
function noHeaders(): Headers {
  return Reflect.apply(ClientNats.prototype['mergeHeaders'], { options: { headers: {} } }, []);
}
