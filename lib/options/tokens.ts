/** The dependency-injection token of the `ResolvedTenancyOptions`. */
export const TENANCY_OPTIONS = Symbol.for('nestjs-tenancy:options');
