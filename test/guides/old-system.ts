import type { Databases } from '../support/databases.js';
import type { EngineSetup } from '../support/engines.js';

/** What a system of the two files leaves: its central tables, and two tenants with a database each. */
export async function leaveOldSystem(
  setup: EngineSetup,
  databases: Databases,
  central: (sql: string) => Promise<unknown>,
  named: (database: string) => string,
): Promise<void> {
  const id =
    setup.admin === undefined ? 'INTEGER PRIMARY KEY' : 'BIGINT AUTO_INCREMENT PRIMARY KEY';
  const migrations = `CREATE TABLE migrations (id ${id}, migration VARCHAR(255), batch INT)`;
  await central(migrations);
  await central(
    'CREATE TABLE tenants (id VARCHAR(255) PRIMARY KEY, data TEXT, name VARCHAR(255), ' +
      '`database` VARCHAR(255) UNIQUE, status VARCHAR(20))',
  );
  await central(`CREATE TABLE domains (id ${id}, domain VARCHAR(255), tenant_id VARCHAR(255))`);
  for (const { slug, tenant, name, status, hosts } of TENANTS) {
    const database = named(`old_${slug}`);
    await central(
      `INSERT INTO tenants VALUES ('${tenant}', '{}', '${name}', '${database}', '${status}')`,
    );
    for (const host of hosts) {
      await central(`INSERT INTO domains (domain, tenant_id) VALUES ('${host}', '${tenant}')`);
    }
    await databases.create(database);
    for (const sql of [
      migrations,
      "INSERT INTO migrations (migration, batch) VALUES ('2019_create_projects_table', 1)",
      'CREATE TABLE sessions (id VARCHAR(255) PRIMARY KEY, user_id BIGINT, ip_address VARCHAR(45), ' +
        'user_agent TEXT, payload TEXT, last_activity INT)',
      `CREATE TABLE projects (id ${id}, name VARCHAR(255), created_at TIMESTAMP NULL)`,
      "INSERT INTO projects (name) VALUES ('Theirs since 2019')",
    ]) {
      await databases.query(database, sql);
    }
  }
}

const TENANTS = [
  {
    slug: 'acme',
    tenant: '7b2f6a34-9f0d-4d6c-8f8e-0f8a3f4f7a11',
    name: 'Acme Ltd',
    status: 'active',
    hosts: ['acme.example.com', 'www.acme.com'],
  },
  {
    slug: 'globex',
    tenant: 'c1f0b0de-52a8-4a35-9a2c-6e0a5d1c2b22',
    name: 'Globex',
    status: 'inactive',
    hosts: ['globex.example.com'],
  },
];
