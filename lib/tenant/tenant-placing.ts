import { Inject, Injectable } from '@nestjs/common';
import { ServerUnknownError } from '../database/errors.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import type { ServerCandidate } from '../options/tenancy-options.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { NoServerAcceptsTenantsError, TenantInputError, TenantPlaceError } from './errors.js';
import type { CreateTenant } from './tenant-input.js';
import { TenantStore } from './tenant-store.js';

/** Chooses the servers of new tenants. */
@Injectable()
export class TenantPlacing {
  constructor(
    private readonly store: TenantStore,
    @Inject(TENANCY_OPTIONS) private readonly options: Pick<ResolvedTenancyOptions, 'tenants'>,
  ) {}

  /**
   * The server that the creation names, else the one that `tenants.place` chooses, else the one with the fewest tenants
   * for its weight. Two creations at once may both see the same counts: the next ones make up for it.
   * @throws ServerUnknownError, NoServerAcceptsTenantsError, TenantPlaceError, TenantInputError
   */
  async serverFor({ slug, settings = {}, server, adoptDatabase }: CreateTenant): Promise<string> {
    const { servers, place } = this.options.tenants;
    const names = servers.map(({ name }) => name);
    if (server !== undefined) {
      if (!names.includes(server)) throw new ServerUnknownError(server, names);
      return server;
    }
    if (adoptDatabase !== undefined && names.length > 1) {
      const problem = 'must be named for a database to adopt, where there are several servers';
      throw new TenantInputError('server', problem);
    }
    const accepting = servers.filter(({ acceptsTenants }) => acceptsTenants);
    const [first, ...others] = accepting;
    if (first === undefined) throw new NoServerAcceptsTenantsError(names);
    if (others.length === 0 && place === undefined) return first.name;
    const counts = await this.store.countByServer();
    const candidates = accepting.map(({ name, weight }) => ({
      name,
      tenants: counts.get(name) ?? 0,
      weight,
    }));
    if (place === undefined) return leastOccupied(candidates).name;
    const chosen = await place(candidates, { slug, settings });
    if (candidates.some(({ name }) => name === chosen)) return chosen;
    throw new TenantPlaceError(
      slug,
      chosen,
      candidates.map(({ name }) => name),
    );
  }
}

/** Of those that are equal, the first of the options. */
function leastOccupied(candidates: readonly ServerCandidate[]): ServerCandidate {
  return candidates.reduce((least, other) =>
    other.tenants / other.weight < least.tenants / least.weight ? other : least,
  );
}
