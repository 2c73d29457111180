import { CurrentAccounts, FollowedPlacement } from '../../lib/database/current-accounts.js';
import { AccountRefusedError } from '../../lib/database/errors.js';
import type { Lease } from '../../lib/database/pool/pooled-connection.js';
import type { Placement } from '../../lib/context/current-tenant.js';
import { Account } from '../../lib/options/account.js';
import { codeOf } from '../support/rejection.js';

const accountOf = (user: string) => new Account(user, 'secret');
const PLACEMENT: Placement = { server: 'main', database: 'acme', account: accountOf('first') };
const LEASE: Lease = { release: () => {} };

/** A server that lets one user in, and the row that says who that is. Both are changed by the test. */
class Server {
  allowed = 'first';
  row = 'first';
  reads = 0;
  readonly refused: (string | undefined)[] = [];
  /** Awaited after the row was read. */
  slowly = Promise.resolve();
  readonly accounts = new CurrentAccounts();

  constructor() {
    this.accounts.readFrom(async () => {
      this.reads += 1;
      const account = accountOf(this.row);
      await this.slowly;
      return account;
    });
  }

  rotate(user: string): void {
    this.row = user;
    this.allowed = user;
  }

  readonly lease = async ({ account }: Placement): Promise<Lease> => {
    await Promise.resolve();
    if (account?.user === this.allowed) return LEASE;
    this.refused.push(account?.user);
    throw new AccountRefusedError('main', String(account?.user), new Error('Access denied'));
  };
}

describe('a placement whose account was rotated', () => {
  it('is leased as the new one, and from then on at once', async () => {
    const server = new Server();
    const followed = new FollowedPlacement(PLACEMENT, server.accounts);
    server.rotate('second');
    expect(await followed.lease(server.lease)).toBe(LEASE);
    expect(await followed.lease(server.lease)).toBe(LEASE);
    expect([server.refused, server.reads]).toEqual([['first'], 1]);
  });

  it('keeps its share', async () => {
    const share = { max: 1 };
    const placement = { server: 'main', database: 'acme', account: accountOf('first') };
    Object.defineProperty(placement, 'share', { value: share });
    const server = new Server();
    server.rotate('second');
    const shares: unknown[] = [];
    await new FollowedPlacement(placement, server.accounts).lease((target) => {
      shares.push(target.share);
      return server.lease(target);
    });
    expect(shares).toEqual([share, share]);
  });

  it('is refused when the row says the same', async () => {
    const server = new Server();
    server.allowed = 'nobody';
    const followed = new FollowedPlacement(PLACEMENT, server.accounts);
    expect(await codeOf(() => followed.lease(server.lease))).toBe('ACCOUNT_REFUSED');
    expect(server.refused).toEqual(['first']);
  });

  it('is rotated again while it is read: who is refused as the second reads anew', async () => {
    const server = new Server();
    const [one, other] = [PLACEMENT, { ...PLACEMENT, account: accountOf('second') }].map(
      (placement) => new FollowedPlacement(placement, server.accounts),
    );
    server.rotate('second');
    let goOn = () => {};
    server.slowly = new Promise((resolve) => (goOn = resolve));
    const first = one!.lease(server.lease);
    while (server.reads < 1) await Promise.resolve();
    // The read of the first has its answer already: the second.
    server.rotate('third');
    server.slowly = Promise.resolve();
    const second = other!.lease(server.lease);
    while (server.refused.length < 2) await Promise.resolve();
    goOn();
    expect(await Promise.all([first, second])).toEqual([LEASE, LEASE]);
    expect(server.refused.toSorted()).toEqual(['first', 'second', 'second']);
  });

  it('other errors are not looked into', async () => {
    const server = new Server();
    const followed = new FollowedPlacement(PLACEMENT, server.accounts);
    const failing = () => Promise.reject(new Error('the link broke'));
    await expect(followed.lease(failing)).rejects.toThrow('the link broke');
    expect(server.reads).toBe(0);
  });

  it('a lease that is there at once takes no promise', () => {
    expect(new FollowedPlacement(PLACEMENT, new CurrentAccounts()).lease(() => LEASE)).toBe(LEASE);
  });
});
