import { Console } from 'node:console';
import { engines } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { ENTRY_POINTS } from './all-entry-points.js';
import { conform, type Conformity } from './conform.js';

const entryPoints = [...ENTRY_POINTS.values()].flat();

// How the databases differ is tried in test/isolation/; one without a server and one with is enough here.
describe.each(engines.slice(0, 2))('on $name', (engine) => {
  const table: Conformity[] = [];
  afterAll(() => {
    new Console(process.stdout).table(table);
  });

  it.each(entryPoints.map((entryPoint) => [entryPoint.name, entryPoint] as const))(
    '%s: every unit of work is its own tenant’s',
    async (_name, entryPoint) => {
      const setup = await prepareInMemory(engine);
      try {
        table.push(await conform(entryPoint, setup));
      } finally {
        await setup.cleanUp();
      }
    },
    120_000,
  );
});
