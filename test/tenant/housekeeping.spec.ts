import { Logger } from '@nestjs/common';
import { currentContext, runForTenant } from '../../lib/context/tenant-context.js';
import { Housekeeping } from '../../lib/tenant/housekeeping.js';
import { tenantNamed } from '../support/tenant-list.js';

const HOUR = 3_600_000;

class Tidying extends Housekeeping {
  readonly turns: (string | undefined)[] = [];

  constructor() {
    super('old things');
  }

  async tidy(): Promise<void> {
    this.turns.push(currentContext()?.tenant?.slug);
    if (this.turns.length === 1) throw new Error('the database is away');
  }
}

describe('housekeeping', () => {
  let logged: unknown[];
  beforeEach(() => {
    jest.useFakeTimers();
    logged = [];
    const keep = (line: unknown) => void logged.push(line);
    Logger.overrideLogger({ log: keep, error: keep, warn: keep });
  });
  afterEach(() => {
    jest.useRealTimers();
    Logger.overrideLogger(false);
  });

  it('has its turn each hour until the app shuts down, also after one that failed', async () => {
    const tidying = new Tidying();
    // Whoever happens to start the app is not whom it works for.
    runForTenant(tenantNamed('acme'), () => tidying.onModuleInit());
    await jest.advanceTimersByTimeAsync(HOUR - 1);
    expect(tidying.turns).toEqual([]);
    await jest.advanceTimersByTimeAsync(2 * HOUR);
    expect(tidying.turns).toEqual([undefined, undefined]);
    expect(logged).toEqual(['Could not delete old things: Error: the database is away']);
    tidying.beforeApplicationShutdown();
    await jest.advanceTimersByTimeAsync(2 * HOUR);
    expect(tidying.turns).toHaveLength(2);
  });
});
