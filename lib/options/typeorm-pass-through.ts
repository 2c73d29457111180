import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import type { BaseDataSourceOptions } from 'typeorm/data-source/BaseDataSourceOptions.js';

/**
 * Options of TypeORM that are handed to its DataSource as they are, and of `TypeOrmModule` how often it retries at start.
 * What this package decides itself is left out, and refused.
 */
export type TypeOrmPassThrough = Pick<TypeOrmModuleOptions, 'retryAttempts' | 'retryDelay'> &
  Partial<Omit<BaseDataSourceOptions, keyof typeof DECIDED_HERE>>;

/** TypeORM's options that are not passed through, and what there is instead. */
export const DECIDED_HERE = {
  type: 'The scheme of the URL says it: central.url, tenants.servers',
  entities: 'Give central.entities or tenants.entities',
  subscribers: 'Give central.subscribers or tenants.subscribers',
  migrations: 'Give central.migrations or tenants.migrations',
  synchronize: 'Write migrations',
  dropSchema: 'Leave it out',
  migrationsRun:
    'Central migrations run unless central.migrate is false; a tenant’s when it is created',
  poolSize: 'Give maxConnections of the server',
  extra: 'Give central.connection, or connection of the server',
} as const;
