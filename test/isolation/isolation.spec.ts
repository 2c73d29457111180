import { engines, type EngineSetup } from '../support/engines.js';
import { seeded } from '../support/seeded.js';
import { Board } from './board/board.js';
import { DIRECT_OPERATIONS } from './board/direct-operations.js';
import { HTTP_OPERATIONS } from './board/http-operations.js';

const CONNECTIONS = 8;

describe.each(engines)('on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let board: Board;

  beforeAll(async () => {
    setup = await prepare();
    board = await Board.start(setup, CONNECTIONS);
  }, 120_000);
  afterAll(async () => {
    await board.stop();
    await setup.cleanUp();
  });

  it('20,000 interleaved operations of 50 tenants give each its own rows, and write no other', async () => {
    const operations = { ...DIRECT_OPERATIONS, ...HTTP_OPERATIONS };
    await seeded(async (random) => {
      await board.run({ operations, count: 20_000, concurrency: 100 }, random);
      await board.verify();
    });
    const { open, turned, opened } = board.stats();
    expect(open).toBeLessThanOrEqual(CONNECTIONS);
    expect(turned).toBeGreaterThan(opened);
  }, 120_000);
});
