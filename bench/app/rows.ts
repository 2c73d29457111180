/**
 * The rows of the measured tables. A row's id is unique over all tenants and its name says whose it is, so that one
 * request means the same row to every variant, and its answer shows which tenant's row was served.
 */
export const ROWS_PER_TENANT = 20;

export function rowId(tenant: number, row: number): number {
  return tenant * ROWS_PER_TENANT + row + 1;
}

export function rowName(tenant: number, row: number): string {
  return `project ${row} of tenant ${tenant}`;
}

/** The rows of a tenant as values of an INSERT: `(id, 'name')`, with whatever goes before the id. */
export function rowValues(tenant: number, before = ''): string {
  const rows = Array.from({ length: ROWS_PER_TENANT }, (_, row) => row);
  return rows
    .map((row) => `(${before}${rowId(tenant, row)}, '${rowName(tenant, row)}')`)
    .join(', ');
}
