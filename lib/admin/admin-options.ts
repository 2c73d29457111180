import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { closest } from 'fastest-levenshtein';
import { AdminGuardRequiredError, AdminOptionsError } from './errors.js';

/** The options of `TenancyAdminModule.forRoot()`. */
export interface TenancyAdminOptions {
  /**
   * The class of the guard that lets operators pass and nobody else, or several that all have to. It throws
   * `UnauthorizedException` for who is not known (401), and gives false for who may not (403). Required: the API can do
   * everything to every tenant.
   */
  readonly guard: AdminGuardClass | readonly AdminGuardClass[];
  /** The path in front of every route, without slashes around it. Default `admin/tenancy`. */
  readonly prefix?: string;
  /**
   * A port of its own, which leads to nothing else, while at the app's port the API is not there (404). Plain HTTP. Default:
   * none, the API is served at the app's port.
   */
  readonly port?: number;
  /** The address that {@link port} is opened at. Default `127.0.0.1`: this machine alone comes to it. */
  readonly host?: string;
  /** Modules that export what the guard injects. Default none: what is global needs none. */
  readonly imports?: ModuleMetadata['imports'];
  /** Who asks, for the audit log and for idempotency keys, which are each operator's own. Default: the `id`, `sub` or `userId` of `request.user`. */
  readonly actor?: (request: AdminRequest) => string | undefined;
}

export type AdminGuardClass = Type<CanActivate>;

/** What is known of a request: Express's or Fastify's. */
export interface AdminRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly method: string;
  readonly params?: unknown;
  readonly url?: string;
  /** What the guard has put there. */
  readonly user?: unknown;
}

export interface ResolvedAdminOptions {
  /** None where something is wrong with them. */
  readonly guards: readonly AdminGuardClass[];
  readonly guardProblem?: string;
  readonly prefix: string;
  readonly port?: number;
  readonly host: string;
  readonly actor: (request: AdminRequest) => string | undefined;
}

export const ADMIN_OPTIONS = Symbol.for('nestjs-tenancy:admin-options');
/** The guards themselves. */
export const ADMIN_GUARDS = Symbol.for('nestjs-tenancy:admin-guards');

const KNOWN = ['guard', 'prefix', 'port', 'host', 'imports', 'actor'];
const PREFIX = /^[\w.~-]+(?:\/[\w.~-]+)*$/;

/**
 * Whether there is a guard, {@link requireGuards} says when the app starts.
 * @throws AdminOptionsError
 */
export function resolveAdminOptions(given: TenancyAdminOptions): ResolvedAdminOptions {
  const unknown = Object.keys(given).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) {
    throw new AdminOptionsError(
      `"${unknown}" is unknown. Did you mean "${closest(unknown, KNOWN)}"? Known here: ${KNOWN.join(', ')}.`,
    );
  }
  const { guard, prefix = 'admin/tenancy', host = '127.0.0.1', actor = actorOfUser } = given;
  const { port } = given;
  if (!PREFIX.test(prefix)) {
    throw new AdminOptionsError(
      `prefix must be a path without slashes around it, such as admin/tenancy, not "${prefix}".`,
    );
  }
  if (port !== undefined && !isPort(port)) {
    throw new AdminOptionsError(`port must be a whole number from 1 to 65535, not ${port}.`);
  }
  if (port === undefined && given.host !== undefined) {
    throw new AdminOptionsError('host is that of a port of its own. Give the port, too.');
  }
  const guards: readonly unknown[] = [guard].flat();
  const rest = { prefix, host, actor, ...(port !== undefined && { port }) };
  return guards.length > 0 && guards.every(isGuardClass)
    ? { guards, ...rest }
    : { guards: [], guardProblem: problemOf(guards), ...rest };
}

/** @throws AdminGuardRequiredError */
export function requireGuards(options: ResolvedAdminOptions | undefined): void {
  if (options === undefined) {
    throw new AdminGuardRequiredError('TenancyAdminModule was imported without forRoot()');
  }
  if (options.guardProblem !== undefined) throw new AdminGuardRequiredError(options.guardProblem);
}

/** Who does not write TypeScript, or names a guard that is not there yet, gives undefined. */
function problemOf(guards: readonly unknown[]): string {
  return guards.every((guard) => guard === undefined)
    ? 'it was given no guard'
    : 'what it was given as its guard is no class with canActivate()';
}

function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;
}

function isGuardClass(guard: unknown): guard is AdminGuardClass {
  return typeof guard === 'function' && isGuard(guard.prototype);
}

function isGuard(value: Partial<CanActivate> | undefined): boolean {
  return typeof value?.canActivate === 'function';
}

function actorOfUser({ user }: AdminRequest): string | undefined {
  if (typeof user !== 'object' || user === null) return undefined;
  const { id, sub, userId } = user as Readonly<Record<string, unknown>>;
  const found = [id, sub, userId].find(
    (value) => typeof value === 'string' || typeof value === 'number',
  );
  return found === undefined ? undefined : String(found);
}
