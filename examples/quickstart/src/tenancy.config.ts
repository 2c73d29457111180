import { defineTenancyConfig } from 'nestjs-tenancy';
import { CreateProjects1700000000000 } from './migrations/tenant/create-projects.js';

/** Where the databases are is left to the environment: `TENANCY_CENTRAL_URL`, `TENANCY_SERVER_URL`. */
export default defineTenancyConfig({
  tenants: { migrations: [CreateProjects1700000000000] },
});
