import type { ListedTenant } from './tenant-listing.js';

interface Lane {
  readonly tenants: { readonly tenant: ListedTenant; readonly place: number }[];
  readonly atOnce: number;
  next: number;
  running: number;
}

/** Gives tenants out in their order, no more of one server at once than it may have. */
export class TenantQueue {
  private readonly lanes = new Map<string, Lane>();

  constructor(tenants: readonly ListedTenant[], atOnce: (server: string) => number) {
    for (const [place, tenant] of tenants.entries()) {
      const { server } = tenant.placement;
      const lane = this.lanes.get(server) ?? {
        tenants: [],
        atOnce: atOnce(server),
        next: 0,
        running: 0,
      };
      lane.tenants.push({ tenant, place });
      this.lanes.set(server, lane);
    }
  }

  /** The first whose server has room, or undefined. To be given back when it is through. */
  take(): ListedTenant | undefined {
    const [first] = [...this.lanes.values()]
      .filter(({ tenants, next, running, atOnce }) => next < tenants.length && running < atOnce)
      .toSorted((a, b) => a.tenants[a.next].place - b.tenants[b.next].place);
    if (first === undefined) return undefined;
    first.running += 1;
    first.next += 1;
    return first.tenants[first.next - 1].tenant;
  }

  giveBack({ placement }: ListedTenant): void {
    this.lanes.get(placement.server)!.running -= 1;
  }
}
