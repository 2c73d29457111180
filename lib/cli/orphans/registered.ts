import type { DataSource } from 'typeorm';
import type { ResolvedServer, ResolvedTenancyOptions } from '../../options/resolve.js';
import { TenantCredentials } from '../../tenant/tenant-credentials.entity.js';
import { Tenant } from '../../tenant/tenant.entity.js';
import type { TenantWithoutDatabase } from './find-orphans.js';

/** Every tenant and every account that the central database knows of, deleted tenants included. */
export class Registered {
  private constructor(
    private readonly central: ResolvedTenancyOptions['central'],
    private readonly tenants: readonly Tenant[],
    private readonly accounts: ReadonlySet<string>,
  ) {}

  static async read(
    dataSource: DataSource,
    { central }: ResolvedTenancyOptions,
  ): Promise<Registered> {
    const tenants = await dataSource.getRepository(Tenant).find();
    const credentials = await dataSource.getRepository(TenantCredentials).find();
    const users = credentials.flatMap(({ user, unusedUser }) =>
      [user ?? [], unusedUser ?? []].flat(),
    );
    return new Registered(central, tenants, new Set(users));
  }

  hasDatabase(server: string, name: string): boolean {
    return this.tenants.some(
      ({ placement }) =>
        placement.server === server && placement.database.toLowerCase() === name.toLowerCase(),
    );
  }

  hasAccount(user: string): boolean {
    return this.accounts.has(user);
  }

  /** True for the central database that this was read from. */
  isCentral({ address }: ResolvedServer, name: string): boolean {
    const central = this.central.server.address;
    return (
      central.engine === 'mysql' &&
      address.engine === 'mysql' &&
      central.host === address.host &&
      central.port === address.port &&
      central.database.toLowerCase() === name.toLowerCase()
    );
  }

  /** Those that are to have a database on a server, where it is not. */
  tenantsWithout(server: string, there: readonly string[]): TenantWithoutDatabase[] {
    const names = new Set(there.map((name) => name.toLowerCase()));
    return this.tenants
      .filter(({ placement, step }) => placement.server === server && step === 'done')
      .filter(({ placement }) => !names.has(placement.database.toLowerCase()))
      .map(({ slug, placement }) => ({
        kind: 'tenant',
        server,
        name: slug,
        database: placement.database,
      }));
  }
}
