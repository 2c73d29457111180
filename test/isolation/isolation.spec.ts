import { engines, type EngineSetup } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { seeded } from '../support/seeded.js';
import { Board } from './board/board.js';
import { DIRECT_OPERATIONS, READING_OPERATIONS } from './board/direct-operations.js';
import { hostileOperations, SHARED_LOCK } from './board/hostile-operations.js';
import { HTTP_OPERATIONS } from './board/http-operations.js';

const CONNECTIONS = 8;

const PEACEFUL = {
  operations: { ...DIRECT_OPERATIONS, ...HTTP_OPERATIONS },
  frequent: READING_OPERATIONS,
  concurrency: 100,
};

describe.each(engines)('on $name', (engine) => {
  let setup: EngineSetup;
  let board: Board;

  beforeAll(async () => {
    setup = await prepareInMemory(engine);
    board = await Board.start(setup, CONNECTIONS);
  }, 300_000);
  afterAll(async () => {
    await board.stop();
    await setup.cleanUp();
  });

  it('20,000 interleaved operations of 50 tenants give each its own rows, and write no other', async () => {
    await seeded(async (random) => {
      await board.run({ ...PEACEFUL, count: 20_000 }, random);
      await board.verify();
    });
    const { open, turned, opened } = board.stats();
    expect(open).toBeLessThanOrEqual(CONNECTIONS);
    expect(turned).toBeGreaterThan(opened);
  }, 300_000);

  it('what hostile code leaves behind reaches nobody', async () => {
    const hostile = hostileOperations(engine.name);
    const operations = { ...PEACEFUL.operations, ...hostile };
    const load = { ...PEACEFUL, operations, frequent: Object.keys(hostile), tenants: 10 };
    await seeded(async (random) => {
      await board.run({ ...load, count: 3_000 }, random);
      await board.verify();
    });
    expect(await setup.admin?.(`SELECT IS_FREE_LOCK('${SHARED_LOCK}') = 1 AS free`)).toEqual(
      engine.name === 'sqlite' ? undefined : [{ free: 1 }],
    );
  }, 300_000);
});
