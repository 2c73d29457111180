import type {
  DatabaseFacts,
  ServerFacts,
  ServerInspection,
} from '../../database/engines/inspection.js';
import type { ResolvedServer, ResolvedTenancyOptions } from '../../options/resolve.js';

/** What one look found. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem';
  /** What it is about: `central`, a server, a tenant. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** One of the things that the doctor looks at. */
export interface Check {
  readonly name: string;
  run(setUp: SetUp): Promise<readonly Finding[]>;
}

/** A server that answers. */
export interface ReachedServer {
  /** `central`, or as in the options. */
  readonly name: string;
  readonly options: ResolvedServer;
  readonly inspection: ServerInspection;
  readonly facts: ServerFacts | undefined;
  readonly databases: readonly DatabaseFacts[];
  /** True for a server that tenants are placed on: neither the central one nor a replica. */
  readonly hasTenants: boolean;
}

/** A tenant whose data are served, or were and will be. */
export interface KnownTenant {
  readonly slug: string;
  readonly server: string;
  readonly database: string;
}

/** What the checks look at. */
export interface SetUp {
  readonly options: ResolvedTenancyOptions;
  /** Undefined when the central database does not answer: what is said there is not known then. */
  readonly central: ReachedServer | undefined;
  /** The central one first. Those that do not answer are left out. */
  readonly servers: readonly ReachedServer[];
  readonly centralDatabase: string;
  readonly tenants: readonly KnownTenant[];
}

export function problem(subject: string, message: string, remedy: string): Finding {
  return { level: 'problem', subject, message, remedy };
}

export function warning(subject: string, message: string, remedy: string): Finding {
  return { level: 'warning', subject, message, remedy };
}

export function ok(subject: string, message: string): Finding {
  return { level: 'ok', subject, message };
}

/** A few of many names. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
