import type { Visitor } from '../tenant/maintenance-gate.js';
import { AllowedAddresses } from './allowed-addresses.js';
import { BYPASS_HEADER, hasBypassSecret } from './bypass-secret.js';
import { MaintenanceActiveError } from './errors.js';
import { DEFAULT_MESSAGE } from './maintenance-terms.js';
import type { MaintenanceRow } from './maintenance.entity.js';

/** A maintenance as requests are held against it. */
export class Closure {
  readonly from: number;
  readonly until: number;
  private readonly allowed: AllowedAddresses;
  private readonly bypass: Buffer | undefined;

  constructor(readonly row: MaintenanceRow) {
    this.from = Number(row.beginsAt);
    this.until = row.endsAt === null ? Infinity : Number(row.endsAt);
    this.allowed = new AllowedAddresses(row.allowed);
    this.bypass = row.bypassHash === null ? undefined : Buffer.from(row.bypassHash, 'hex');
  }

  /** What tells it from another, and from itself with other terms. */
  get name(): string {
    const { id, setAt, bypassHash, allowed } = this.row;
    return JSON.stringify([id, Number(setAt), bypassHash, allowed]);
  }

  isInForce(now: number): boolean {
    return this.from <= now && now < this.until;
  }

  admits({ ip, socket, headers }: Visitor): boolean {
    if (this.allowed.has(ip ?? socket?.remoteAddress)) return true;
    return this.bypass !== undefined && hasBypassSecret(headers?.[BYPASS_HEADER], this.bypass);
  }

  refusal(now: number): MaintenanceActiveError {
    const { tenantId, tenant, message, retryAfter } = this.row;
    const ends = Number.isFinite(this.until);
    return new MaintenanceActiveError(
      tenantId === null ? undefined : (tenant?.slug ?? tenantId),
      message ?? DEFAULT_MESSAGE,
      ends ? new Date(this.until) : undefined,
      ends ? Math.max(1, Math.ceil((this.until - now) / 1_000)) : retryAfter,
    );
  }
}
