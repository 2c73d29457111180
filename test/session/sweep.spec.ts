import type { INestApplication } from '@nestjs/common';
import type { ChildProcess } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { TenantService } from '../../lib/index.js';
import { SessionSweeper } from '../../lib/session/index.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { databasesOf, type Databases } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';
import { Browser, startSessionApp } from './session-app.js';

const AMOUNT = 10_000;

/** Sessions that were last used an hour ago, with something in them. */
async function addExpired(databases: Databases, database: string, amount: number, name: string) {
  const last = Math.floor(Date.now() / 1_000) - 3_600;
  const payload = JSON.stringify({ cookie: {}, cart: 'x'.repeat(500) });
  for (let from = 0; from < amount; from += 500) {
    const rows = Array.from({ length: Math.min(500, amount - from) }, (_, n) => {
      return `('1.${name}-${from + n}', '${payload}', ${last})`;
    });
    await databases.query(
      database,
      `INSERT INTO sessions (id, payload, last_activity) VALUES ${rows.join(', ')}`,
    );
  }
}

const count = async (databases: Databases, database: string) =>
  Number((await databases.query(database, 'SELECT COUNT(*) AS n FROM sessions'))[0]!['n']);

describe.each(engines)('on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let databases: Databases;
  const databaseOf = async (tenants: TenantService, slug: string) =>
    (await tenants.get(slug)).placement.database;

  beforeEach(async () => {
    setup = await prepare();
    databases = databasesOf(setup);
  });
  afterEach(() => setup.cleanUp());

  describe('in one process', () => {
    let app: INestApplication;
    afterEach(() => app.close());

    it('10,000 expired sessions are removed, and nobody waits for it', async () => {
      app = await startSessionApp('fastify', setup, { session: { lifetime: 60 } });
      const tenants = app.get(TenantService);
      for (const slug of ['acme', 'globex']) await tenants.create({ slug });
      const acme = await databaseOf(tenants, 'acme');
      const browsers = ['acme', 'globex'].map((slug) => ({
        browser: new Browser(app),
        host: `${slug}.localhost`,
      }));
      for (const { browser, host } of browsers) await browser.post(host, '/login/ada');
      /** Milliseconds that each request takes, a writing one in three, until `work` is done. */
      const requestsDuring = async (work: Promise<unknown>) => {
        const running = { busy: true };
        const times: number[] = [];
        const ended = work.finally(() => {
          running.busy = false;
        });
        const ask = async ({ browser, host }: (typeof browsers)[number]) => {
          for (let n = 0; running.busy; n += 1) {
            const start = performance.now();
            const { body } =
              n % 3 === 0
                ? await browser.post(host, '/session', { n })
                : await browser.get(host, '/session');
            if (n % 3 !== 0) expect(body).toMatchObject({ userId: 'ada' });
            times.push(performance.now() - start);
          }
        };
        await Promise.all([ended, ...browsers.map(ask)]);
        return times.sort((a, b) => a - b);
      };
      const alone = await requestsDuring(new Promise((resolve) => setTimeout(resolve, 500)));
      await addExpired(databases, acme, AMOUNT, 'acme');
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const begun = performance.now();
      const sweep = app.get(SessionSweeper).sweep();
      const times = await requestsDuring(sweep);
      const took = performance.now() - begun;
      delay.disable();
      expect(await sweep).toBe(AMOUNT);
      expect(await count(databases, acme)).toBe(1);
      const at = (list: number[], part: number) =>
        Math.round(list[Math.ceil(list.length * part) - 1]!);
      console.log(
        `${AMOUNT} sessions swept in ${Math.round(took)} ms; requests meanwhile: ${times.length}, ` +
          `p50 ${at(times, 0.5)}, p99 ${at(times, 0.99)}, longest ${at(times, 1)} ms ` +
          `(alone: p50 ${at(alone, 0.5)}, p99 ${at(alone, 0.99)}, longest ${at(alone, 1)} ms); ` +
          `event loop held for ${Math.round(delay.max / 1e6)} ms at most`,
      );
      // In one piece it would hold SQLite's process, or the tenant's rows, for as long as it takes.
      expect(times.length).toBeGreaterThan(10);
      expect(at(times, 1)).toBeLessThan(Math.max(took / 2, 2 * at(alone, 1)));
    });

    it('a tenant that cannot be swept keeps no other from it', async () => {
      app = await startSessionApp('fastify', setup, { session: { lifetime: 60 } });
      const tenants = app.get(TenantService);
      for (const slug of ['acme', 'broken', 'globex']) await tenants.create({ slug });
      await databases.query(await databaseOf(tenants, 'broken'), 'DROP TABLE sessions');
      for (const slug of ['acme', 'globex']) {
        await addExpired(databases, await databaseOf(tenants, slug), 3, slug);
      }
      await tenants.suspend('globex');
      expect(await app.get(SessionSweeper).sweep()).toBe(6);
    });
  });

  it('of several processes one sweeps at a time, and another when it is killed', async () => {
    const app = await startTenancyApp(setup);
    const { placement } = await app.tenants.create({ slug: 'acme' });
    await app.close();
    const program = new ChildProgram('test/session/sweeping-process.ts');
    const swept = new Map<number, { child: ChildProcess; removed: number | null }[]>();
    const { centralUrl, serverUrl, databasePrefix } = setup;
    const children = [1, 2, 3].map(() => program.start(centralUrl, serverUrl, databasePrefix));
    try {
      await Promise.all(children.map((child) => nextMessage(child)));
      for (const child of children) {
        child.on('message', ({ slot, removed }: { slot: number; removed: number | null }) => {
          swept.set(slot, [...(swept.get(slot) ?? []), { child, removed }]);
        });
      }
      const sweepersOf = (slot: number) =>
        swept.get(slot)!.filter(({ removed }) => removed !== null);
      const complete = (processes: number) =>
        [...swept.keys()].filter((slot) => swept.get(slot)!.length === processes);
      await until('all have woken twice', () => complete(3).length >= 2);
      for (const slot of complete(3)) expect(sweepersOf(slot)).toHaveLength(1);

      const { child: sweeper } = sweepersOf(complete(3).at(-1)!)[0]!;
      await kill(sweeper);
      swept.clear();
      await addExpired(databases, placement.database, 1_200, 'acme');
      // The lifetime is two hours: these are from yesterday.
      await databases.query(
        placement.database,
        'UPDATE sessions SET last_activity = last_activity - 86400',
      );
      await until('the others have swept', async () => {
        return (await count(databases, placement.database)) === 0;
      });
      await until('they have woken', () => complete(2).length >= 1);
      for (const slot of complete(2)) expect(sweepersOf(slot)).toHaveLength(1);
    } finally {
      await program.dispose();
    }
  }, 90_000);
});
