import type { ChildProcess } from 'node:child_process';
import type { QuotaOptions } from '../../lib/index.js';
import { ChildProgram, kill } from '../support/child-program.js';
import type { Order, Word } from './child.js';
import { startQuotaApp, type QuotaApp } from './quota-app.js';
import { preparePlace, SHARED_PLACES, type PreparedPlace } from './quota-places.js';

const QUOTA: QuotaOptions = { catalogue: { monthly_emails: { limit: 100 } } };
let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/quota/child.ts');
});
afterAll(() => program.dispose());

/** A child, and how many of its consumers passed. */
class Consumer {
  passed = 0;

  constructor(readonly child: ChildProcess) {
    child.on('message', (word: Word) => {
      if (!('done' in word)) this.passed += 1;
    });
  }

  async order(order: Order): Promise<Extract<Word, { done: true }>> {
    const answer = new Promise<Extract<Word, { done: true }>>((resolve, reject) => {
      const hear = (word: Word) => {
        if (!('done' in word)) return;
        this.child.off('message', hear);
        resolve(word);
      };
      this.child.on('message', hear);
      this.child.once('exit', () => reject(new Error('The child ended.')));
    });
    this.child.send(order);
    return answer;
  }

  /** Once so many of its consumers have passed. */
  async hasPassed(amount: number): Promise<void> {
    while (this.passed < amount)
      await new Promise((resolve) => this.child.once('message', resolve));
  }
}

describe.each(SHARED_PLACES)('four processes on $name', (quotaPlace) => {
  const { store } = quotaPlace;
  let place: PreparedPlace;
  let app: QuotaApp;
  let consumers: Consumer[];

  beforeAll(async () => {
    place = await preparePlace(quotaPlace);
    app = await startQuotaApp(place.setup, { ...QUOTA, store }, place.redis?.url);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await place.cleanUp();
  });

  beforeEach(async () => {
    const { setup, redis } = place;
    const { centralUrl, serverUrl, databasePrefix } = setup;
    const options = {
      quota: { ...QUOTA, store },
      ...(redis !== undefined && { redis: { url: redis.url, timeout: 20_000 } }),
      central: { url: centralUrl, acquireTimeout: 20_000 },
    };
    consumers = Array.from({ length: 4 }, () => new Consumer(program.start()));
    const start = { centralUrl, serverUrl, databasePrefix };
    await Promise.all(consumers.map((consumer) => consumer.order({ start, options })));
  }, 60_000);
  afterEach(() => Promise.all(consumers.map(({ child }) => kill(child))));

  async function usageOf(slug: string) {
    return app.tenancy.run(slug, async () => (await app.quotas.usage(['monthly_emails']))[0]);
  }

  it('let exactly 100 of 1,000 consumers pass, and another tenant is not touched', async () => {
    await app.tenants.create({ slug: 'acme' });
    await app.tenants.create({ slug: 'other' });
    const answers = await Promise.all(
      consumers.map((consumer) => consumer.order({ consume: 250, of: 'acme' })),
    );
    expect(answers.flatMap(({ failures }) => failures)).toEqual([]);
    expect(answers.reduce((sum, { passed }) => sum + passed, 0)).toBe(100);
    expect(await usageOf('acme')).toMatchObject({ used: 100, reserved: 0, remaining: 0 });
    expect(await usageOf('other')).toMatchObject({ used: 0 });
    expect(await consumers[0]!.order({ consume: 3, of: 'other' })).toMatchObject({ passed: 3 });
  }, 60_000);

  it('one killed while it consumes takes nothing with it that was not its own', async () => {
    await app.tenants.create({ slug: 'killed' });
    const [victim, ...others] = consumers as [Consumer, ...Consumer[]];
    victim.order({ consume: 250, of: 'killed' }).catch(() => {});
    await victim.hasPassed(1);
    const orders = others.map((consumer) => consumer.order({ consume: 250, of: 'killed' }));
    await kill(victim.child);
    const answers = await Promise.all(orders);
    expect(answers.flatMap(({ failures }) => failures)).toEqual([]);
    const passed = answers.reduce((sum, answer) => sum + answer.passed, 0);
    // What the dead one was counted for without having told of it is its own loss.
    expect(passed + victim.passed).toBeLessThanOrEqual(100);
    expect(await usageOf('killed')).toMatchObject({ used: 100, reserved: 0 });
  }, 60_000);

  it('one killed with a reservation keeps it from the others until its time is up', async () => {
    await app.tenants.create({ slug: 'reserved' });
    const [victim, ...others] = consumers as [Consumer, ...Consumer[]];
    await victim.order({ reserve: 30, of: 'reserved' });
    await kill(victim.child);
    const consumeAll = async () => {
      const orders = others.map((consumer) => consumer.order({ consume: 250, of: 'reserved' }));
      return (await Promise.all(orders)).reduce((sum, { passed }) => sum + passed, 0);
    };
    expect(await consumeAll()).toBe(70);
    expect(await usageOf('reserved')).toMatchObject({ used: 70, reserved: 30, remaining: 0 });
    await Promise.all(others.map((consumer) => consumer.order({ ahead: 600_001 })));
    expect(await consumeAll()).toBe(30);
    expect(await usageOf('reserved')).toMatchObject({ used: 100, reserved: 0 });
  }, 120_000);
});
