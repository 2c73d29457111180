import { Console } from 'node:console';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { engines } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { conform, type Conformity } from './conform.js';
import type { EntryPoint } from './entry-point.js';

const FOLDER = join(__dirname, 'entry-points');

/** Of every file there, so that none is forgotten. */
const entryPoints = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file): readonly EntryPoint[] => require(join(FOLDER, file)).entryPoints);

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
