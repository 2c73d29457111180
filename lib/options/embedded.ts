import { ENVIRONMENT, type Environment } from './environment.js';
import type { OptionIssue } from './errors.js';
import type { CentralOptions, TenantsOptions } from './tenancy-options.js';

/** Where the embedded default keeps its files. */
export const EMBEDDED = {
  central: 'sqlite:./.tenancy/central.sqlite',
  server: { url: 'sqlite:./.tenancy/tenants' },
} as const;

/** In production a forgotten URL must not become a file beside the app, lost at the next deployment. */
export function checkEmbeddedIsNamed(
  central: CentralOptions,
  tenants: TenantsOptions,
  env: Environment,
): OptionIssue[] {
  if (env.NODE_ENV !== 'production') return [];
  const issue = (path: string, variable: string, embedded: string) => ({
    path,
    problem: 'is not given, and in production the embedded default must be chosen by name',
    remedy: `Set it or ${variable}; for embedded SQLite write '${embedded}'`,
  });
  const issues: OptionIssue[] = [];
  if (central.url === undefined) {
    issues.push(issue('central.url', ENVIRONMENT.centralUrl, EMBEDDED.central));
  }
  if (tenants.servers === undefined) {
    issues.push(issue('tenants.servers', ENVIRONMENT.serverUrl, EMBEDDED.server.url));
  }
  return issues;
}
