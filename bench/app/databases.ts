import { createConnection, type Connection } from 'mysql2/promise';
import { CREATE_PROJECT_TABLE } from './create-projects.migration.js';
import { rowValues } from './rows.js';
import { CENTRAL_DATABASE, SHARED_DATABASE, databaseOf, slugOf } from './settings.js';

const CREATE_TENANT_PROJECT_TABLE = `CREATE TABLE tenant_project (
  tenant_id varchar(36) NOT NULL,
  id int NOT NULL,
  name varchar(100) NOT NULL,
  touches int NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id)
)`;

/** Connections that make databases side by side: with more the servers get no faster. */
const LANES = 4;

/**
 * Makes the databases of the variants without a database per tenant, with the rows of `tenants` tenants, and the central
 * one, empty.
 * @param url of the server
 */
export async function createSharedDatabases(url: string, tenants: number): Promise<void> {
  const connection = await createConnection({ uri: url });
  await connection.query(`CREATE DATABASE ${CENTRAL_DATABASE}`);
  await connection.query(`CREATE DATABASE ${SHARED_DATABASE}`);
  await connection.changeUser({ database: SHARED_DATABASE });
  await connection.query(CREATE_PROJECT_TABLE);
  await connection.query(CREATE_TENANT_PROJECT_TABLE);
  for (let tenant = 0; tenant < tenants; tenant++) {
    await connection.query(`INSERT INTO project (id, name) VALUES ${rowValues(tenant)}`);
    const values = rowValues(tenant, `'${slugOf(tenant)}', `);
    await connection.query(`INSERT INTO tenant_project (tenant_id, id, name) VALUES ${values}`);
  }
  await connection.end();
}

/**
 * Makes each tenant's own database with its rows: what the variants with a database per tenant are served from.
 * @param first the first tenant; those from there up to but without `end`
 */
export async function createTenantDatabases(url: string, end: number, first = 0): Promise<void> {
  let next = first;
  const lane = async () => {
    const connection = await createConnection({ uri: url });
    while (next < end) await createTenantDatabase(connection, next++);
    await connection.end();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function createTenantDatabase(connection: Connection, tenant: number): Promise<void> {
  const database = databaseOf(slugOf(tenant));
  await connection.query(`CREATE DATABASE ${database}`);
  await connection.changeUser({ database });
  await connection.query(CREATE_PROJECT_TABLE);
  await connection.query(`INSERT INTO project (id, name) VALUES ${rowValues(tenant)}`);
}
