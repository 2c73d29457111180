import { IsArray, IsBoolean, IsInstance, IsOptional, IsString } from 'class-validator';
import type { IdentifiableRequest } from './identifier.js';

/** A request as the audit log reads it: with what the app's guards have put on it. */
export type AuditedRequest = IdentifiableRequest & {
  readonly user?: unknown;
  /** The address of the client, as Express and Fastify find it behind proxies that the app trusts. */
  readonly ip?: string;
};

/** The record of who did what. */
export class AuditOptions {
  /**
   * What entries are signed with: 32 bytes in base64 each (`openssl rand -base64 32`), the same in every process. The
   * first signs, all verify: a new key is put in front, and the old ones stay as long as entries under them are to be
   * verified. Default none: then nothing is recorded. Environment: `TENANCY_AUDIT_KEYS`, separated by commas.
   */
  @IsOptional()
  @IsArray()
  readonly keys?: readonly string[];

  /**
   * Names of keys, header fields and columns whose values are replaced by `[redacted]`, besides those that are always
   * (`password`, `token`, `secret`, `authorization`, `cookie`, …). Without regard to case, `-` and `_`; also as a part of a
   * longer name. Default none.
   */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  readonly redact?: readonly string[];

  /** Who makes a request, for the log. Default: the `id`, `sub` or `userId` of `request.user`. */
  @IsOptional()
  @IsInstance(Function)
  readonly actor?: (request: AuditedRequest) => string | undefined;

  /** Record each `runCentral` from inside a tenant, before its work begins. Default true. */
  @IsOptional()
  @IsBoolean()
  readonly crossings?: boolean;
}
