import { engines, type EngineSetup } from '../../support/engines.js';
import type { ServerKind } from '../../support/servers/index.js';

/** Databases on a server, and who administers it. */
export interface ServerSetup {
  readonly setup: EngineSetup;
  readonly admin: NonNullable<EngineSetup['admin']>;
}

/** On a server that is selected, with a central database as the docs say to create it. */
export async function prepareServer(kind: ServerKind): Promise<ServerSetup> {
  const setup = await engines.find(({ name }) => name === kind)?.prepare();
  if (setup?.admin === undefined) throw new Error(`No ${kind} server is selected`);
  const { admin, centralUrl } = setup;
  await admin(`ALTER DATABASE ${centralUrl.split('/').at(-1)} CHARACTER SET utf8mb4`);
  return { setup, admin };
}
