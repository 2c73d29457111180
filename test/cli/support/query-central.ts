import { databasesOf } from '../../support/databases.js';
import type { EngineSetup } from '../../support/engines.js';

/** Runs a statement on the central database, past this package. */
export async function queryCentral(setup: EngineSetup, sql: string): Promise<void> {
  if (setup.admin === undefined) {
    const serverUrl = setup.centralUrl.replace(/\/[^/]*$/, '');
    await databasesOf({ ...setup, serverUrl }).query('central', sql);
  } else await databasesOf(setup).query(setup.centralUrl.split('/').at(-1) ?? '', sql);
}
