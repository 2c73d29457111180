/** The DataSource of the tenants' databases that follows the context: the app's default one. */
export const TENANT_DATA_SOURCE = Symbol.for('nestjs-tenancy:bound-data-source');
