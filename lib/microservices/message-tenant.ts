import { isTenantId } from '../tenant/tenant-id.js';

// The tenant stands in the envelope, beside NestJS's `pattern`, `data` and `id`: never in `data`, which an app fills from
// requests. NestJS hands nothing of the envelope but `data` from a client's `send` to its serializer, and from a server's
// deserializer to its handler, so on these two ways `data` is wrapped together with the tenant.

/** What is sent, on its way to the client's serializer. */
export class Outgoing {
  constructor(
    readonly data: unknown,
    readonly tenantId: string,
  ) {}
}

/** What was received, on its way from the server's deserializer to the handler. */
export class Incoming {
  constructor(
    readonly data: unknown,
    readonly tenantId: string | undefined,
  ) {}
}

interface Packet {
  readonly data?: unknown;
}

/** The envelope of an {@link Outgoing}; any other as it is. */
export function withTenant<P extends Packet>(packet: P): P {
  const { data } = packet;
  return data instanceof Outgoing ? { ...packet, data: data.data, tenant: data.tenantId } : packet;
}

/** An envelope as it arrived, with its tenant beside the data. */
export function withIncoming<P extends Packet & { readonly tenant?: unknown }>(packet: P): P {
  const { tenant, data } = packet;
  const tenantId = typeof tenant === 'string' && isTenantId(tenant) ? tenant : undefined;
  return { ...packet, data: new Incoming(data, tenantId) };
}
