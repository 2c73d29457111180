import { IsInt, IsOptional, Matches, Min } from 'class-validator';

/** The keys that programs ask with. */
export class ApiKeyOptions {
  /**
   * What new keys begin with, before a `_`: whose they are, for people and for scanners that look for secrets. Keys that
   * were made with another one stay valid. Default `tk`.
   */
  @IsOptional()
  @Matches(/^[a-z][a-z0-9_]{0,31}$/)
  readonly prefix?: string;

  /**
   * Milliseconds after which a key is read again from the central database: so long a revoked key is let in at most by a
   * process that Redis cannot tell of it. Default 5,000.
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly ttl?: number;

  /** Keys kept in memory. Default 20,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly maxKeys?: number;
}
