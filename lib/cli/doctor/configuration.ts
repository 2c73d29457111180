import { TenancyOptionsError } from '../../options/errors.js';
import { resolveOptions, type ResolvedTenancyOptions } from '../../options/resolve.js';
import type { TenancyOptions } from '../../options/tenancy-options.js';
import { ok, problem, type Finding } from './check.js';

/** Whether the app would take the options. */
export function checkConfiguration(given: TenancyOptions): {
  options?: ResolvedTenancyOptions;
  findings: Finding[];
} {
  try {
    return { options: resolveOptions(given), findings: [ok('tenancy.config', 'is in order')] };
  } catch (error) {
    if (!(error instanceof TenancyOptionsError)) throw error;
    const findings = error.issues.map(({ path, problem: what, remedy }) =>
      problem(path, what, remedy),
    );
    return { findings };
  }
}
