import type { ClientRedis, ClientTCP, ServerRedis, ServerTCP } from '@nestjs/microservices';
import { Incoming, Outgoing } from './message-tenant.js';

interface Packet {
  readonly data?: unknown;
  readonly tenant?: unknown;
}

/** Has a client write the tenant of an {@link Outgoing} into the message's envelope. */
export function sendInEnvelope(client: ClientRedis | ClientTCP): void {
  const serializer = client['serializer'];
  client['serializer'] = {
    serialize: (packet, options) => serializer.serialize(withTenant(packet), options),
  };
}

/** Has a server make an {@link Incoming} of the data and of the tenant in the envelope. */
export function receiveInEnvelope(server: ServerRedis | ServerTCP): void {
  const deserializer = server['deserializer'];
  server['deserializer'] = {
    deserialize: async (raw, options) => withIncoming(await deserializer.deserialize(raw, options)),
  };
}

function withTenant<P extends Packet>(packet: P): P {
  const { data } = packet;
  return data instanceof Outgoing ? { ...packet, data: data.data, tenant: data.tenantId } : packet;
}

function withIncoming<P extends Packet>(packet: P): P {
  return { ...packet, data: new Incoming(packet.data, packet.tenant) };
}
