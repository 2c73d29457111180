/** The DataSource of the central database, whatever the options call it. */
export const CENTRAL_DATA_SOURCE = Symbol.for('nestjs-tenancy:central-data-source');
