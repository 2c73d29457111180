import { isTenantId } from '../tenant/tenant-id.js';

// The tenant stands beside `data`, never in it, because an app fills it from requests: in a header of NATS, and elsewhere
// in the envelope, beside NestJS's `pattern`, `data` and `id`. NestJS hands nothing but `data` from a client's `send` to
// what writes the message, and from a server's deserializer to its handler, so on these two ways `data` is wrapped
// together with the tenant.

/** What is sent, on its way to what writes the message. */
export class Outgoing {
  constructor(
    readonly data: unknown,
    readonly tenantId: string,
  ) {}
}

/** What was received, on its way to the handler. */
export class Incoming {
  readonly tenantId: string | undefined;

  /** @param named what stands where a tenant's id does; anything else than an id is no tenant */
  constructor(
    readonly data: unknown,
    named: unknown,
  ) {
    this.tenantId = typeof named === 'string' && isTenantId(named) ? named : undefined;
  }
}
