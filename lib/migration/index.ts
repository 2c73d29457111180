export { CENTRAL_MIGRATIONS } from './central-migrations.js';
export { TENANT_MIGRATIONS } from './tenant-migrations.js';
export { migrateCentral } from './migrate-central.js';
