import type { ChildProcess } from 'node:child_process';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';
import type { Told } from './replica.js';

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/schedule/replica.ts');
});
afterAll(() => program.dispose());

/** What two replicas have said, in the order in which it came. */
class Replicas {
  readonly began: { readonly by: ChildProcess; readonly slug: string }[] = [];

  readonly skipped = new Set<ChildProcess>();

  constructor(readonly children: readonly ChildProcess[]) {
    for (const by of children) {
      by.on('message', (told: Told) => {
        if (told === 'overlap') this.skipped.add(by);
        else if (told !== 'ready') this.began.push({ by, slug: told.began });
      });
    }
  }

  /** Ends the parts one by one until `parts` have begun. */
  async finishUntil(parts: number): Promise<void> {
    for (let seen = this.began.length; seen < parts; seen = this.began.length) {
      this.began.at(-1)?.by.send('finish');
      await until('the next part begins', () => this.began.length > seen);
    }
  }
}

describe.each(engines)('two processes on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  let replicas: Replicas;

  beforeEach(async () => {
    setup = await prepare();
    app = await startTenancyApp(setup);
    for (const slug of ['one', 'two', 'three']) await app.tenants.create({ slug });
    await app.tenants.suspend('three');
    const { centralUrl, serverUrl, databasePrefix } = setup;
    const children = [program.start(), program.start()];
    replicas = new Replicas(children);
    const ready = Promise.all(children.map((child) => nextMessage(child)));
    for (const child of children) child.send({ centralUrl, serverUrl, databasePrefix });
    await ready;
  });
  afterEach(async () => {
    await Promise.all(replicas.children.map(kill));
    await app.close();
    await setup.cleanUp();
  });

  it('one of them runs a tick, for each active tenant once', async () => {
    await until('both have ticked during the first part', () => replicas.skipped.size === 2);
    expect(replicas.began).toHaveLength(1);
    await replicas.finishUntil(7);
    const runs = [0, 2, 4].map((first) => replicas.began.slice(first, first + 2));
    for (const run of runs) {
      expect(run.map(({ slug }) => slug).sort()).toEqual(['one', 'two']);
      expect(run[0]!.by).toBe(run[1]!.by);
    }
  });

  it('the one that runs is killed: the other takes over', async () => {
    await until('a part begins', () => replicas.began.length === 1);
    const [{ by: killed }] = replicas.began as [(typeof replicas.began)[0]];
    await kill(killed);
    await until('the other begins', () => replicas.began.length === 2);
    expect(replicas.began[1]!.by).not.toBe(killed);
    await replicas.finishUntil(4);
    expect(
      replicas.began
        .slice(1, 3)
        .map(({ slug }) => slug)
        .sort(),
    ).toEqual(['one', 'two']);
  });
});
