import type { DataSource } from 'typeorm';
import type { CurrentTenant } from '../../lib/index.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import {
  adoptedOf,
  crashingOptions,
  hostOf,
  seedOnce,
  type Job,
  type Work,
} from './crash/crashing-app.js';

/** Jobs that one child dies with: each has up to three connections open. */
const BATCH = 20;
const NEVER = Number.MAX_SAFE_INTEGER;

describe.each(engines)('killed at any statement on $name', ({ name, prepare }) => {
  let program: ChildProgram;
  let places: EngineSetup[] = [];
  const apps = new Map<EngineSetup, TenancyApp>();
  let seed: (tenant: CurrentTenant, dataSource: DataSource) => Promise<void>;

  beforeAll(() => {
    program = new ChildProgram('test/tenant/crash/child.ts');
  });
  beforeEach(() => {
    seed = (_tenant, dataSource) => seedOnce(dataSource);
  });
  afterAll(async () => {
    await program.dispose();
    await Promise.all([...apps.values()].map((app) => app.close()));
    await Promise.all(places.map((place) => place.cleanUp()));
  });

  /** Tenants of one SQLite folder would wait for each other: whoever stops while it writes holds the central file. */
  async function newPlace(): Promise<EngineSetup> {
    const [first] = places;
    if (first !== undefined && name !== 'sqlite') return first;
    const place = await prepare();
    places.push(place);
    return place;
  }

  async function appOf(place: EngineSetup): Promise<TenancyApp> {
    const options = crashingOptions((...given) => seed(...given));
    const app = apps.get(place) ?? (await startTenancyApp(place, { options }));
    apps.set(place, app);
    return app;
  }

  interface Death extends Job {
    readonly place: EngineSetup;
  }

  async function die(work: Work, stopBefore: number): Promise<Death> {
    const place = await newPlace();
    const { centralUrl, serverUrl, databasePrefix } = place;
    const slug = `${work.replaceAll(' ', '-')}-${stopBefore === NEVER ? 'never' : stopBefore}`;
    return { place, centralUrl, serverUrl, databasePrefix, slug, work, stopBefore };
  }

  async function statementsOf(jobs: readonly Job[]): Promise<string[][]> {
    const child = program.start();
    child.send(jobs.map(({ ...job }) => job));
    const statements = await nextMessage<string[][]>(child);
    await kill(child);
    return statements;
  }

  it('measures', async () => {
    const jobs = [await die('create', NEVER), await die('create and fail', NEVER)];
    const t = Date.now();
    await Promise.all(jobs.map(({place}) => appOf(place)));
    console.log(name, Date.now() - t);
    console.log(await statementsOf(jobs), Date.now() - t);
  });
});
