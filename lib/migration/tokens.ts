/** The DataSource that follows the context: the app's default one. */
export const TENANT_DATA_SOURCE = Symbol.for('nestjs-tenancy:tenant-data-source');
