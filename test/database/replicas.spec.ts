import { Controller, Get, Module, Query } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource, Repository } from 'typeorm';
import type { Tenant } from '../../lib/index.js';
import { startApp, type TestApp } from '../support/app.js';
import type { EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { PROJECT_ENTITIES, Folder, Project, Task } from '../support/projects.js';
import { describeServers } from '../support/describe-servers.js';
import type { RunningServer } from '../support/servers/index.js';
import { until } from '../support/until.js';
import { ReplicatedServer } from './replication.js';

/** The row that tells by its marker which server it was read from: that of the replicas was changed past the server. */
const TELLER = 1;
/** What the marker says. */
const SERVER = 'server';
const REPLICAS = ['first replica', 'second replica'];

@Controller()
class ProjectsController {
  constructor(@InjectRepository(Project) private readonly projects: Repository<Project>) {}

  @Get('read')
  async read(@Query('write') id?: string) {
    const before = await this.projects.findOneByOrFail({ id: TELLER });
    if (id !== undefined) await this.projects.save({ id: Number(id), marker: 'written' });
    const after = await this.projects.findOneByOrFail({ id: TELLER });
    return [before.marker, after.marker];
  }
}

@Module({
  imports: [TypeOrmModule.forFeature(PROJECT_ENTITIES)],
  controllers: [ProjectsController],
})
class ProjectsModule {}

describeServers('replicas of %s', (kind) => {
  let folder: string;
  let replicated: ReplicatedServer;
  let first: RunningServer;
  let second: RunningServer;
  /** Reads from the replicas when it is told to. */
  let told: TestApp;
  /** Reads from them whatever it can. */
  let reading: TestApp;
  let acme: Tenant;
  let nextId = 100;

  const start = (readFromReplicas: boolean): Promise<TestApp> => {
    const { server, replicas } = replicated;
    const setup: Omit<EngineSetup, 'cleanUp'> = {
      centralUrl: `sqlite:${join(folder, `central-${String(readFromReplicas)}.sqlite`)}`,
      serverUrl: replicated.urlOf(server),
      databasePrefix: `tenant_${String(readFromReplicas)}_`,
    };
    const main = {
      url: replicated.urlOf(server),
      maxConnections: 4,
      connectTimeout: 2_000,
      replicas: replicas.map((replica) => ({ url: replicated.urlOf(replica), maxConnections: 3 })),
      readFromReplicas,
    };
    return startApp(
      { ...setup, cleanUp: async () => {} },
      {
        imports: [ProjectsModule],
        tenants: { servers: { main }, typeorm: { cache: true } },
      },
    );
  };

  /** A tenant with the row that tells where it was read. */
  const createTenant = async (app: TestApp, slug: string): Promise<Tenant> => {
    const tenant = await app.tenants.create({ slug });
    await app.tenancy.run(slug, async () => {
      const { manager } = app.dataSource;
      await manager.insert(Project, { id: TELLER, marker: SERVER });
      await manager.query('INSERT INTO tasks (id, marker, projectId) VALUES (1, ?, 1)', [SERVER]);
      await manager.insert(Folder, { id: TELLER, marker: SERVER });
    });
    await replicated.caughtUp();
    for (const [index, replica] of replicated.replicas.entries()) {
      for (const table of ['projects', 'tasks', 'folders']) {
        await replica.query(
          `UPDATE \`${tenant.placement.database}\`.${table} SET marker = '${REPLICAS[index]!}'`,
        );
      }
    }
    return tenant;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-'));
    replicated = await ReplicatedServer.start(kind, REPLICAS.length);
    [first, second] = replicated.replicas as [RunningServer, RunningServer];
    told = await start(false);
    reading = await start(true);
    await createTenant(told, 'acme');
    acme = await createTenant(reading, 'acme');
  }, 60_000);
  afterAll(async () => {
    await Promise.all([told?.close(), reading?.close()]);
    await replicated?.stop();
    await rm(folder, { recursive: true });
  });

  const teller = async (source: Pick<DataSource, 'getRepository'>): Promise<string> => {
    const { marker } = await source.getRepository(Project).findOneByOrFail({ id: TELLER });
    return marker;
  };
  const write = (app: TestApp) =>
    app.dataSource.manager.save(Project, { id: (nextId += 1), marker: 'written' });

  /** Where `read` reads from, several times in a row, each in a unit of work of its own. */
  const inTurn = async (app: TestApp, times: number, read = () => teller(app.dataSource)) => {
    const markers: string[] = [];
    for (let time = 0; time < times; time += 1) markers.push(await app.tenancy.run('acme', read));
    return markers;
  };

  const throughSlave = async (app: TestApp): Promise<string> => {
    const queryRunner = app.dataSource.createQueryRunner('slave');
    try {
      return await teller(queryRunner.manager);
    } finally {
      await queryRunner.release();
    }
  };

  describe('when told to', () => {
    it("a query runner made for 'slave' reads from them in turn", async () => {
      const markers = await inTurn(told, 4, () => throughSlave(told));
      expect(markers.slice(0, 2).toSorted()).toEqual(REPLICAS);
      expect(markers.slice(2)).toEqual(markers.slice(0, 2));
    });

    it('everything else reads from the server', async () => {
      expect(await inTurn(told, 3)).toEqual([SERVER, SERVER, SERVER]);
    });

    it('reads from them after a write, too', async () => {
      const marker = await told.tenancy.run('acme', async () => {
        await write(told);
        return throughSlave(told);
      });
      expect(REPLICAS).toContain(marker);
    });

    it('a write through it is refused by the replica, and does no harm', async () => {
      await told.tenancy.run('acme', async () => {
        const queryRunner = told.dataSource.createQueryRunner('slave');
        await expect(queryRunner.query("UPDATE projects SET marker = 'x'")).rejects.toThrow(
          /read.only/,
        );
        await queryRunner.release();
      });
      const markers = await inTurn(told, 2, () => throughSlave(told));
      expect(markers.toSorted()).toEqual(REPLICAS);
    });
  });

  describe('when read from whatever can be', () => {
    const WAYS: Record<string, () => Promise<string | undefined>> = {
      repository: () => teller(reading.dataSource),
      'query builder': async () =>
        (await reading.dataSource.createQueryBuilder(Project, 'p').where('p.id = 1').getOne())
          ?.marker,
      'raw query builder': async () =>
        (
          await reading.dataSource
            .createQueryBuilder(Project, 'p')
            .select('p.marker', 'm')
            .getRawOne()
        )?.m,
      'query builder of a relation': async () => {
        const of = reading.dataSource.createQueryBuilder().relation(Project, 'tasks').of(TELLER);
        const [task] = await of.loadMany<Task>();
        return task?.marker;
      },
      'lazy relation': async () => {
        const project = await reading.dataSource.manager.findOneByOrFail(Project, { id: TELLER });
        const [task] = await project.tasks;
        return task?.marker;
      },
      tree: async () => {
        const [root] = await reading.dataSource.manager.getTreeRepository(Folder).findTrees();
        return root?.marker;
      },
      stream: async () => {
        const stream = await reading.dataSource
          .createQueryBuilder(Project, 'p')
          .where('p.id = 1')
          .stream();
        const [row] = (await stream.toArray()) as [{ p_marker: string }];
        return row.p_marker;
      },
      'DataSource of the tenant': () => teller(reading.pools.dataSource(acme)),
      'query result cache': async () => {
        const [project] = await reading.dataSource.manager.find(Project, {
          where: { id: TELLER },
          cache: { id: `cached ${(nextId += 1)}`, milliseconds: 60_000 },
        });
        return project?.marker;
      },
    };

    it.each(Object.keys(WAYS))(
      '%s reads from a replica until something is written',
      async (way) => {
        const read = WAYS[way]!;
        await reading.tenancy.run('acme', async () => {
          expect(REPLICAS).toContain(await read());
          await write(reading);
          expect(await read()).toBe(SERVER);
        });
        expect(REPLICAS).toContain(await reading.tenancy.run('acme', read));
      },
    );

    it('in turn', async () => {
      const markers = await inTurn(reading, 4);
      expect(markers.slice(0, 2).toSorted()).toEqual(REPLICAS);
      expect(markers.slice(2)).toEqual(markers.slice(0, 2));
    });

    it('what was written is read', async () => {
      await Promise.all(replicated.replicas.map((replica) => replicated.hold(replica)));
      await reading.tenancy.run('acme', async () => {
        const { id } = await write(reading);
        expect(await reading.dataSource.manager.existsBy(Project, { id })).toBe(true);
        await reading.tenancy.run('acme', async () => {
          expect(await reading.dataSource.manager.existsBy(Project, { id })).toBe(true);
        });
      });
      await Promise.all(replicated.replicas.map((replica) => replicated.follow(replica)));
      await replicated.caughtUp();
    });

    it.each<[string, () => Promise<unknown>]>([
      ['query()', () => reading.dataSource.query('SELECT 1')],
      ['a transaction', () => reading.dataSource.transaction(async () => undefined)],
      [
        'a query runner',
        async () => {
          const queryRunner = reading.dataSource.createQueryRunner();
          await queryRunner.query('SELECT 1');
          await queryRunner.release();
        },
      ],
      ['an update', () => reading.dataSource.manager.update(Project, { id: 0 }, { marker: 'x' })],
      [
        'a delete builder',
        () =>
          reading.dataSource.createQueryBuilder().delete().from(Project).where('id = 0').execute(),
      ],
    ])('%s counts as a write', async (_what, mayWrite) => {
      await reading.tenancy.run('acme', async () => {
        await mayWrite();
        expect(await teller(reading.dataSource)).toBe(SERVER);
      });
    });

    it('query() and transactions go to the server', async () => {
      const markers = await reading.tenancy.run('acme', async () => [
        await reading.dataSource.transaction(teller),
        (await reading.dataSource.query('SELECT marker FROM projects WHERE id = 1'))[0].marker,
      ]);
      expect(markers).toEqual([SERVER, SERVER]);
    });

    it('outside of any context the server is read, which alone has all that was written', async () => {
      expect(await teller(reading.pools.dataSource(acme))).toBe(SERVER);
    });

    it('in a request until it writes', async () => {
      const host = 'acme.localhost';
      const { body: read } = await ask(reading.nest, '/read', { host });
      expect(read).toEqual([expect.stringMatching('replica'), expect.stringMatching('replica')]);
      const { body: wrote } = await ask(reading.nest, '/read?write=77', { host });
      expect(wrote).toEqual([expect.stringMatching('replica'), SERVER]);
    });

    it('work of its own, by its signal, does not know what others wrote', async () => {
      const { signal } = new AbortController();
      await reading.tenancy.run('acme', async () => {
        await write(reading);
        const read = () => teller(reading.dataSource);
        expect(REPLICAS).toContain(await reading.tenancy.run('acme', read, { signal }));
        expect(await read()).toBe(SERVER);
      });
    });
  });

  it('stats() shows each', () => {
    const { servers } = reading.pools.stats();
    expect(servers).toMatchObject([
      { server: 'main', maxConnections: 4 },
      { server: 'main/replica-1', maxConnections: 3 },
      { server: 'main/replica-2', maxConnections: 3 },
    ]);
    for (const { reused, turned, opened } of servers) {
      expect(reused + turned + opened).toBeGreaterThan(0);
    }
  });

  it('a database that has not come to them yet is read from the server', async () => {
    await Promise.all(replicated.replicas.map((replica) => replicated.hold(replica)));
    await reading.tenants.create({ slug: 'late' });
    const count = () =>
      reading.tenancy.run('late', () => reading.dataSource.manager.count(Project));
    expect([await count(), await count(), await count()]).toEqual([0, 0, 0]);
    const leases = () => leasesOf(reading, 'main');
    const before = leases();
    await Promise.all(replicated.replicas.map((replica) => replicated.follow(replica)));
    await replicated.caughtUp();
    expect([await count(), await count()]).toEqual([0, 0]);
    expect(leases()).toBe(before);
    await reading.tenants.delete('late', { confirm: 'late', dropDatabase: true });
    await replicated.caughtUp();
  });

  it('a dead one is not asked, and is when it is back', async () => {
    const breakers = () => reading.pools.stats().servers.map(({ breaker }) => breaker);
    const atOnce = (amount: number) =>
      Promise.all(Array.from({ length: amount }, () => inTurn(reading, 1)));

    await first.kill();
    // More than it may have connections: those that wait for one are not to wait in vain.
    const markers = (await atOnce(30)).flat();
    expect(markers).not.toContain(REPLICAS[0]);
    expect(markers).toContain(SERVER);
    expect(breakers()).toEqual(['closed', expect.stringMatching('open'), 'closed']);
    expect(new Set(await inTurn(reading, 5))).toEqual(new Set([REPLICAS[1]]));

    await second.kill();
    expect(new Set((await atOnce(30)).flat())).toEqual(new Set([SERVER]));

    await Promise.all([first.restart(), second.restart()]);
    await until('both are read from', async () => {
      const after = await inTurn(reading, 2);
      return REPLICAS.every((replica) => after.includes(replica));
    });
  }, 60_000);
});

function leasesOf({ pools }: TestApp, server: string): number {
  const stats = pools.stats().servers.find((one) => one.server === server)!;
  return stats.reused + stats.turned + stats.opened;
}
