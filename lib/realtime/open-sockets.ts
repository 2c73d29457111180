import { runDetached } from '../context/tenant-context.js';
import type { Signals } from '../redis/signals.js';
import type { MaintenanceGate } from '../tenant/maintenance-gate.js';
import { TENANT_CHANGES, type TenantChange } from '../tenant/tenant-registry.js';
import type { SocketTenancy } from './socket-tenancy.js';

/** An open socket, as far as its end is concerned. */
export interface OpenSocket {
  readonly tenancy: SocketTenancy;
  /** @param reason why its tenant is not served, or what kept that from being found out */
  close(reason: unknown): void;
}

/**
 * The sockets of this process, by tenant. Whenever something of a tenant was written, here or in a process that tells of
 * it, or its maintenance begins, those that have sockets are looked at again, and the sockets of one that is not served any more are closed. Also
 * when that cannot be found out: whoever is still served connects again.
 */
export class OpenSockets {
  private readonly byTenant = new Map<string, Set<OpenSocket>>();
  private readonly unchecked = new Set<string>();
  private checking = false;

  /** @param failed is told of what closing a socket threw */
  constructor(
    signals: Pick<Signals, 'on'>,
    maintenance: Pick<MaintenanceGate, 'onChange'>,
    private readonly failed: (error: unknown) => void,
  ) {
    signals.on(TENANT_CHANGES, {
      receive: (change) => this.check((change as TenantChange).tenantId),
      missed: () => this.check(),
    });
    maintenance.onChange((tenantId) => this.check(tenantId));
  }

  add(socket: OpenSocket): void {
    const { tenantId } = socket.tenancy;
    if (tenantId === undefined) return;
    const sockets = this.byTenant.get(tenantId) ?? new Set();
    this.byTenant.set(tenantId, sockets.add(socket));
    // The tenant may have been suspended since the handshake.
    this.check(tenantId);
  }

  delete(socket: OpenSocket): void {
    const { tenantId } = socket.tenancy;
    if (tenantId === undefined) return;
    const sockets = this.byTenant.get(tenantId);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.byTenant.delete(tenantId);
  }

  private check(tenantId?: string): void {
    for (const id of tenantId === undefined ? this.byTenant.keys() : [tenantId]) {
      if (this.byTenant.has(id)) this.unchecked.add(id);
    }
    if (this.checking) return;
    this.checking = true;
    // Who writes may be in any context, and the sockets' handlers run in their own.
    void runDetached('close the sockets of tenants that are not served', () => this.checkAll());
  }

  /** One at a time: a write that names no tenant has all of them looked at. */
  private async checkAll(): Promise<void> {
    for (const id of this.unchecked) {
      this.unchecked.delete(id);
      // All at once, so that the tenant is read once. Each by itself: in maintenance some may stay.
      const sockets = [...(this.byTenant.get(id) ?? [])];
      await Promise.all(sockets.map((socket) => this.closeUnlessServed(socket)));
    }
    this.checking = false;
  }

  private async closeUnlessServed(socket: OpenSocket): Promise<void> {
    try {
      await socket.tenancy.verify();
    } catch (reason) {
      this.close(socket, reason);
    }
  }

  /** A listener of the app's that throws keeps no other socket open. */
  private close(socket: OpenSocket, reason: unknown): void {
    try {
      socket.close(reason);
    } catch (error) {
      this.failed(error);
    }
  }
}
