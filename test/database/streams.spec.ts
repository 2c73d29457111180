import { TypeOrmModule } from '@nestjs/typeorm';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadStream } from 'typeorm/platform/PlatformTools.js';
import { createTenants, startApp, type TestApp } from '../support/app.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { PROJECT_ENTITIES, Team } from '../support/projects.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';

const ROWS = 20_000;

interface RawTeam {
  readonly team_id: number;
  readonly team_marker: string;
}

describe.each(engines)('on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  let app: TestApp;

  beforeAll(async () => {
    setup = await prepare();
    app = await startApp(setup, {
      imports: [TypeOrmModule.forFeature(PROJECT_ENTITIES)],
      maxConnections: 1,
    });
    await createTenants(app, ['a', 'b']);
    for (const slug of ['a', 'b']) await app.tenancy.run(slug, () => fill(slug));
  });
  afterEach(() => until('all is given back', () => stats().leased === 0));
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const stats = () => app.pools.stats().servers[0]!;
  const teams = () => app.dataSource.getRepository(Team);
  /** So long that it is never buffered as a whole. */
  const marker = (slug: string) => slug.padEnd(100, '.');
  const fill = async (slug: string) => {
    for (let first = 0; first < ROWS; first += 1_000) {
      const rows = Array.from({ length: 1_000 }, (_, n) => ({
        id: first + n,
        marker: marker(slug),
      }));
      await teams().insert(rows);
    }
  };
  const stream = (): Promise<ReadStream> => teams().createQueryBuilder('team').stream();
  const rowsOf = async (readable: AsyncIterable<unknown>): Promise<RawTeam[]> => {
    const rows: RawTeam[] = [];
    for await (const row of readable) rows.push(row as RawTeam);
    return rows;
  };
  const markersOf = (rows: readonly RawTeam[]) => [
    ...new Set(rows.map(({ team_marker }) => team_marker)),
  ];

  it('gives every row of the tenant, and the connection back', async () => {
    for (const slug of ['a', 'b']) {
      const rows = await app.tenancy.run(slug, async () => rowsOf(await stream()));
      expect(rows).toHaveLength(ROWS);
      expect(markersOf(rows)).toEqual([marker(slug)]);
    }
  });

  it('that was made in a tenant is of that tenant, wherever it is read', async () => {
    const made = await app.tenancy.run('a', stream);
    expect(markersOf(await rowsOf(made))).toEqual([marker('a')]);
  });

  it('calls its listeners in the tenant that made it, also on a connection of another', async () => {
    for (const slug of ['a', 'b', 'a']) {
      const seen = await app.tenancy.run(slug, async () => {
        const readable = await stream();
        const slugs = new Set<unknown>();
        const ended = new Promise((resolve) => {
          readable.on('data', () => slugs.add(app.tenancy.current?.slug));
          readable.on('end', () => resolve(slugs.add(app.tenancy.current?.slug)));
        });
        await ended;
        return [...slugs];
      });
      expect(seen).toEqual([slug]);
    }
  });

  it.each<[string, (readable: ReadStream) => Promise<unknown>]>([
    [
      'by leaving the loop',
      async (readable) => {
        for await (const row of readable) if (row !== undefined) break;
      },
    ],
    [
      'by throwing in the loop',
      async (readable) => {
        for await (const row of readable) throw new Error(`on purpose: ${String(row)}`);
      },
    ],
    [
      'by destroying it',
      async (readable) => {
        await once(readable, 'data');
        readable.destroy();
      },
    ],
    ['by destroying it before the first row', async (readable) => readable.destroy()],
    [
      'by a pipeline whose other end fails',
      (readable) =>
        pipeline(
          readable,
          new Writable({
            objectMode: true,
            write: (_row, _encoding, done) => done(new Error('on purpose')),
          }),
        ),
    ],
    [
      'by an aborted pipeline',
      (readable) => {
        const client = new AbortController();
        const never = new Writable({ objectMode: true, write: () => client.abort() });
        return pipeline(readable, never, { signal: client.signal });
      },
    ],
  ])('abandoned half-way %s, leaves nothing to the next lease', async (_how, abandon) => {
    await app.tenancy.run('a', async () => {
      const readable = await stream();
      await abandon(readable).catch(() => undefined);
    });
    const rows = await app.tenancy.run('b', async () => rowsOf(await stream()));
    expect(rows).toHaveLength(ROWS);
    expect(markersOf(rows)).toEqual([marker('b')]);
  });

  it('of a statement that fails, fails, and gives the connection back', async () => {
    const failing = app.tenancy.run('a', async () => {
      const queryRunner = app.dataSource.createQueryRunner();
      try {
        return await rowsOf(await queryRunner.stream('SELECT * FROM nowhere'));
      } finally {
        await queryRunner.release();
      }
    });
    await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('nowhere') });
    expect(await app.tenancy.run('b', () => teams().count())).toBe(ROWS);
  });

  if (engine === 'sqlite') return;

  it('whose connection the server ends, fails instead of waiting for ever', async () => {
    // So many rows that not all of them can have been sent already.
    const readable = await app.tenancy.run('a', () =>
      teams().createQueryBuilder('team').innerJoin(Team, 'other', '1 = 1').stream(),
    );
    const reading = (async () => {
      const iterator = readable[Symbol.asyncIterator]();
      await iterator.next();
      const database = `${setup.databasePrefix}a`;
      const [process] = (await setup.admin!('SHOW PROCESSLIST')).filter(
        ({ db }) => db === database,
      );
      await setup.admin!(`KILL ${String(process!['Id'])}`);
      for (;;) if ((await iterator.next()).done) return;
    })();
    expect(await codeOf(() => reading)).toBe('PROTOCOL_CONNECTION_LOST');
    expect(await app.tenancy.run('b', () => teams().count())).toBe(ROWS);
  });
});
