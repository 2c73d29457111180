import { IsBoolean, IsInt, IsObject, IsOptional, IsString, Min } from 'class-validator';
import type { BaseDataSourceOptions } from 'typeorm/data-source/BaseDataSourceOptions.js';
import { IsList } from './is-list.js';
import { ConnectionOptions } from './server-options.js';
import type { TypeOrmPassThrough } from './typeorm-pass-through.js';

/** The name under which the central DataSource is registered unless `central.name` says otherwise. */
export const CENTRAL = 'central';

/** The central database: tenants, domains, and the app's own tables that belong to no tenant. */
export class CentralOptions extends ConnectionOptions {
  /** The DataSource's name, for `@InjectRepository(Plan, name)`. Default {@link CENTRAL}. */
  @IsOptional()
  @IsString()
  readonly name?: string;

  /**
   * `mysql://user:password@host:3306/database`, `mariadb://…`, or `sqlite:./file.sqlite`. Default: a SQLite file in
   * `./.tenancy`. Environment: `TENANCY_CENTRAL_URL`.
   */
  @IsOptional()
  @IsString()
  readonly url?: string;

  /**
   * Connections to the central database that this process may have open at once. Default 10; at least 2, because the
   * creation of a tenant holds a lock on one while it works on another.
   */
  @IsOptional()
  @IsInt()
  @Min(2)
  readonly maxConnections?: number;

  /** Central entities; those of `TypeOrmModule.forFeature([Plan], CENTRAL)` are found without being listed here. */
  @IsOptional()
  @IsList()
  readonly entities?: BaseDataSourceOptions['entities'];

  /** TypeORM subscribers of the central DataSource. */
  @IsOptional()
  @IsList()
  readonly subscribers?: BaseDataSourceOptions['subscribers'];

  /** The app's own central migrations, classes or globs; they run after this package's. */
  @IsOptional()
  @IsList()
  readonly migrations?: BaseDataSourceOptions['migrations'];

  /** Run pending central migrations when the app starts, under a lock, so that several processes may start at once. Default true. */
  @IsOptional()
  @IsBoolean()
  readonly migrate?: boolean;

  /** {@link TypeOrmPassThrough} options of the central DataSource: `logging`, `namingStrategy`, `cache`, … */
  @IsOptional()
  @IsObject()
  readonly typeorm?: TypeOrmPassThrough;
}
