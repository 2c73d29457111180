import type { Placement } from '../context/current-tenant.js';
import type { Account } from '../options/account.js';
import { TenancyError } from '../tenancy.error.js';
import type { Lease } from './pool/pooled-connection.js';

/** Who a placement is reached as by now; undefined for the account of the server's URL. */
export type ReadAccount = (placement: Placement) => Promise<Account | undefined>;

type LeaseAt = (placement: Placement) => Lease | Promise<Lease>;

/**
 * Asks for the accounts of placements that a server refuses: they were rotated, by this process or another, while the
 * placement was held.
 */
export class CurrentAccounts {
  private source?: ReadAccount;
  private readonly reading = new Map<string, Promise<Account | undefined>>();

  readFrom(source: ReadAccount): void {
    this.source = source;
  }

  /**
   * One read for all that were refused as the same user. Who was refused as the next one needs a read that began after
   * that: the row of the one in progress may be the row before.
   */
  read(refused: Placement): Promise<Account | undefined> {
    const { server, database, account } = refused;
    const key = `${server}/${database}/${account?.user}`;
    const known = this.reading.get(key);
    if (known !== undefined) return known;
    const reading = this.ask(refused).finally(() => this.reading.delete(key));
    this.reading.set(key, reading);
    return reading;
  }

  private async ask(refused: Placement): Promise<Account | undefined> {
    return this.source === undefined ? refused.account : this.source(refused);
  }
}

/** A placement that somebody holds, and its leases as whoever it is reached as at the time. */
export class FollowedPlacement {
  constructor(
    private current: Placement,
    private readonly accounts: CurrentAccounts | undefined,
  ) {}

  /** @throws AccountRefusedError when the account is not one of the past */
  lease(leaseAt: LeaseAt): Lease | Promise<Lease> {
    const { current } = this;
    const lease = leaseAt(current);
    return lease instanceof Promise
      ? lease.catch((error) => this.leaseAnew(error, current, leaseAt))
      : lease;
  }

  /** Nothing has run for who was refused. It ends with an account that is let in, or that is refused twice. */
  private async leaseAnew(error: unknown, refused: Placement, leaseAt: LeaseAt): Promise<Lease> {
    if (this.accounts === undefined || !isAccountRefused(error)) throw error;
    // Else somebody who was refused before has found it out.
    if (this.current === refused) {
      const account = await this.accounts.read(refused);
      if (account?.user === refused.account?.user) throw error;
      this.current = { ...refused, share: refused.share, account };
    }
    return this.lease(leaseAt);
  }
}

function isAccountRefused(error: unknown): boolean {
  return error instanceof TenancyError && error.code === 'ACCOUNT_REFUSED';
}
