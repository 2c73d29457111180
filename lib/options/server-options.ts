import {
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Min,
} from 'class-validator';

/**
 * Options of the driver's own connection, handed on as they are: mysql2's `ConnectionOptions` (`timezone`, `charset`,
 * `dateStrings`, `ssl`, …); for SQLite better-sqlite3's constructor options. What the URL says wins.
 */
export type DriverConnectionOptions = Readonly<Record<string, unknown>>;

/** How the connections to a server are handled, in each process. */
export abstract class ConnectionOptions {
  /** Milliseconds that a query waits for a free connection before it fails with `POOL_TIMEOUT` (503). Default 5,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly acquireTimeout?: number;

  /** Callers that may wait for a connection at once; one more is refused with `POOL_QUEUE_FULL` (503). Default 10,000. */
  @IsOptional()
  @IsInt()
  @Min(0)
  readonly maxWaiting?: number;

  /**
   * Milliseconds that the server has to answer while a connection is opened or turned. Default 3,000. After it the
   * connection is given up.
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly connectTimeout?: number;

  /** Milliseconds after which a connection that nobody uses is closed. Default 60,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly idleTimeout?: number;

  /** {@link DriverConnectionOptions}; TLS is `connection: { ssl: { ca } }`. */
  @IsOptional()
  @IsObject()
  readonly connection?: DriverConnectionOptions;
}

/** A replica of a server: reads may go there. */
export class ReplicaOptions extends ConnectionOptions {
  /** As the server's own. */
  @IsString()
  readonly url!: string;

  /** Connections to the replica that this process may have open at once. Default: as many as to the server. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly maxConnections?: number;
}

/** The account that creates and drops databases and accounts, and runs migrations. */
export class ProvisioningAccount {
  @IsString()
  readonly user!: string;

  @IsString()
  readonly password!: string;
}

/** A server that the app may place tenants on, and the pool of connections to it. */
export class ServerOptions extends ConnectionOptions {
  /**
   * `mysql://user:password@host:3306`, `mariadb://…`, or `sqlite:./folder` for a file per tenant in that folder. The
   * account must be able to create databases, unless `provisioning` names one that is. Environment:
   * `TENANCY_SERVER_URL` for the server `main`.
   */
  @IsString()
  readonly url!: string;

  /**
   * Connections to this server that this process may have open at once; opening and closing ones count. Default 20.
   * Times `pool.processes` it must fit into the server's `max_connections`, which is verified at the start. Environment:
   * `TENANCY_MAX_CONNECTIONS`.
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly maxConnections?: number;

  /** Connections that one tenant may have at once, unless `tenants.share` says otherwise. Default: all. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly maxConnectionsPerTenant?: number;

  /** How many of the new tenants it gets beside other servers: one of weight 2 gets twice as many. Default 1. */
  @IsOptional()
  @IsNumber()
  @IsPositive()
  readonly weight?: number;

  /** False for a server that gets no new tenants; those that it has are served. Default true. */
  @IsOptional()
  @IsBoolean()
  readonly acceptsTenants?: boolean;

  /**
   * {@link ReplicaOptions}: used in turn for `dataSource.createQueryRunner('slave')`, and for other reads with
   * `readFromReplicas`. Not for SQLite.
   */
  @IsOptional()
  @IsArray()
  readonly replicas?: readonly ReplicaOptions[];

  /**
   * Read from the replicas whatever is read outside of a transaction by a request, job or `tenancy.run` that has not
   * written yet; after its first write it reads what it wrote, from the server itself. Default false.
   */
  @IsOptional()
  @IsBoolean()
  readonly readFromReplicas?: boolean;

  /** {@link ProvisioningAccount}. Default: the account of the URL. */
  @IsOptional()
  @IsObject()
  readonly provisioning?: ProvisioningAccount;
}
