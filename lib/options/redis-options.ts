import { IsInt, IsOptional, IsString, Matches, Min } from 'class-validator';

/** The Redis that the processes of the app share. Needs the package `redis`. */
export class RedisOptions {
  /**
   * `redis://user:password@host:6379/0`, or `rediss://…` with TLS; the path is the number of the database. Environment:
   * `TENANCY_REDIS_URL`.
   */
  @IsOptional()
  @IsString()
  readonly url?: string;

  /** What every key and channel begins with, so that several apps can share one Redis. Default `tenancy:`. */
  @IsOptional()
  @Matches(/^[\w:.{}-]{1,64}$/)
  readonly keyPrefix?: string;

  /** Milliseconds that a command may take, and the opening of a connection. Default 1,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly timeout?: number;
}
