import type { CurrentTenant } from '../context/current-tenant.js';
import { currentTenant, runInContext, type TenancyContext } from '../context/tenant-context.js';
import { verifyStatus } from '../identify/admission.js';
import { RequestTenantNotFoundError } from '../identify/errors.js';
import { isLater, whenKnown } from '../identify/now-or-later.js';
import type { Outcome } from '../identify/outcome.js';
import type { MaintenanceGate, Visitor } from '../tenant/maintenance-gate.js';
import type { TenantRegistry } from '../tenant/tenant-registry.js';
import { SocketOfOtherTenantError } from './errors.js';

/** Whose a socket is, from its handshake to its end: a tenant's, or nobody's. */
export class SocketTenancy {
  /** Pending while something waits for its tenant to be read again. */
  private verifying?: Promise<void>;

  private tenant: CurrentTenant | undefined;

  /**
   * @param visitor who opened the socket
   * @param outcome of its handshake
   */
  constructor(
    private readonly registry: Pick<TenantRegistry, 'lookup'>,
    private readonly maintenance: Pick<MaintenanceGate, 'refusalOf'>,
    private readonly visitor: Visitor,
    readonly outcome: Outcome,
  ) {
    this.tenant = outcome.kind === 'found' ? outcome.tenant : undefined;
  }

  get tenantId(): string | undefined {
    return this.tenant?.id;
  }

  /**
   * The tenant as it is by now, undefined for a socket of none: from memory, unless something of it was written. Who has
   * opened the socket may be served while it is in maintenance.
   * @throws the error that a request is refused with when the tenant is not served any more
   */
  verify(): CurrentTenant | undefined | Promise<CurrentTenant | undefined> {
    const { tenant } = this;
    if (tenant === undefined) return undefined;
    return whenKnown(this.registry.lookup({ kind: 'id', value: tenant.id }), (now) => {
      if (now === null) throw new RequestTenantNotFoundError(`tenant "${tenant.slug}" is deleted`);
      this.tenant = now;
      verifyStatus(now);
      return whenKnown(this.maintenance.refusalOf(now, this.visitor), (refusal) => {
        if (refusal !== undefined) throw refusal;
        return now;
      });
    });
  }

  /**
   * Runs `work` for the tenant as it is by now, after all that was given before; or calls `refused` with the reason when
   * the tenant is not served any more, or that cannot be found out.
   */
  serve(work: () => void, refused: (reason: unknown) => void): void {
    if (this.verifying !== undefined) {
      return this.serveLater(
        this.verifying.then(() => this.verify()),
        work,
        refused,
      );
    }
    let tenant: CurrentTenant | undefined | Promise<CurrentTenant | undefined>;
    try {
      tenant = this.verify();
    } catch (reason) {
      return refused(reason);
    }
    if (isLater(tenant)) this.serveLater(tenant, work, refused);
    else this.run(work);
  }

  private serveLater(
    verified: Promise<unknown>,
    work: () => void,
    refused: (reason: unknown) => void,
  ): void {
    void verified.then(() => this.run(work), refused);
    const done = () => {
      if (this.verifying === verifying) this.verifying = undefined;
    };
    const verifying = verified.then(done, done);
    this.verifying = verifying;
  }

  /** Runs `work` for the tenant as it was last known. Each call is a unit of work: a socket may be open for days. */
  run<T>(work: () => T): T {
    const unit = { wrote: false };
    const { tenant } = this;
    const context: TenancyContext =
      tenant === undefined
        ? { centralReason: 'a socket without a tenant', work: unit }
        : { tenant, work: unit };
    return runInContext(context, work);
  }

  /** @throws SocketOfOtherTenantError when the running code is of another tenant */
  refuseOthers(): void {
    const current = currentTenant();
    if (current === undefined || current.id === this.tenant?.id) return;
    const owner = this.tenant === undefined ? 'no tenant' : `tenant "${this.tenant.slug}"`;
    throw new SocketOfOtherTenantError(current.slug, owner);
  }
}
