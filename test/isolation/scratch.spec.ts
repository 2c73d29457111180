import { Column, Entity, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';
import { DataSource } from 'typeorm';
import { once } from 'node:events';
import { startTenancyApp } from '../support/tenancy-app.js';
import { engines } from '../support/engines.js';

@Entity()
class Proj {
  @PrimaryColumn('int') id!: number;
  @Column('varchar') text!: string;
  @OneToMany(() => Note, (n) => n.proj) notes!: Promise<Note[]>;
}
@Entity()
class Note {
  @PrimaryColumn('int') id!: number;
  @Column('varchar') text!: string;
  @ManyToOne(() => Proj, (p) => p.notes) proj!: Promise<Proj>;
}
const outcome = async (work: () => unknown) => {
  try {
    return ['ok', await work()];
  } catch (e) {
    return [(e as any).code ?? (e as any).name, String((e as Error).message).slice(0, 150)];
  }
};
describe.each(engines)('on $name', ({ prepare, name }) => {
  it('probe', async () => {
    const out: unknown[] = [];
    const log = (what: string, v: unknown) => out.push(what + ': ' + JSON.stringify(v));
    const setup = await prepare();
    const app = await startTenancyApp(setup, {
      options: {
        tenants: {
          servers: { main: { url: setup.serverUrl, maxConnections: 2, acquireTimeout: 1000 } },
          entities: [Proj, Note],
          typeorm: { cache: true },
          seed: async (tenant, ds) => {
            await ds.synchronize();
            await ds.getRepository(Proj).insert([
              { id: 1, text: tenant.slug },
              { id: 2, text: tenant.slug },
            ]);
            for (let k = 0; k < 30; k += 1)
              await ds.getRepository(Note).insert(
                Array.from({ length: 1000 }, (_, id) => ({
                  id: k * 1000 + id,
                  text: tenant.slug + 'x'.repeat(200),
                  proj: { id: 1 } as any,
                })),
              );
          },
        },
      },
    });
    try {
      for (const slug of ['a', 'b']) await app.tenants.create({ slug });
      const ds = app.context.get(DataSource);
      const repo = ds.getRepository(Note);
      const projects = ds.getRepository(Proj);
      const a = await app.tenants.get('a');
      const b = await app.tenants.get('b');
      const dsA = app.pools.dataSource(a);
      // e: cache
      log(
        'cache pinned central',
        await outcome(() => dsA.getRepository(Proj).find({ cache: true })),
      );
      log(
        'cache pinned in b',
        await outcome(() =>
          app.tenancy.run('b', () =>
            dsA.getRepository(Proj).find({ cache: { id: 'x', milliseconds: 60000 } }),
          ),
        ),
      );
      log(
        'cache rows a',
        await outcome(() =>
          dsA.query(
            'select identifier from "query-result-cache"'.replaceAll(
              '"',
              name === 'sqlite' ? '"' : '`',
            ),
          ),
        ),
      );
      log(
        'cache rows b',
        await outcome(() =>
          app.pools
            .dataSource(b)
            .query(
              'select identifier from "query-result-cache"'.replaceAll(
                '"',
                name === 'sqlite' ? '"' : '`',
              ),
            ),
        ),
      );
      log('cache remove pinned', await outcome(() => dsA.queryResultCache!.remove(['x'])));
      log('cache clear pinned', await outcome(() => dsA.queryResultCache!.clear()));
      // f
      await outcome(async () => {
        const qr = await app.tenancy.run('a', () => ds.driver.createQueryRunner('master'));
        log(
          'driver qr made in a used in b',
          await outcome(() =>
            app.tenancy.run('b', async () => qr.query('select text from proj limit 1')),
          ),
        );
        await qr.release();
        const qr2 = await app.tenancy.run('a', () => ds.driver.createQueryRunner('master'));
        log(
          'driver qr with qb',
          await outcome(() =>
            app.tenancy.run('a', async () => {
              const p = await ds.createQueryBuilder(Proj, 'p', qr2).getMany();
              await qr2.release();
              return app.tenancy.runCentral('x', () =>
                app.tenancy.run('b', () => projects.save(p)),
              );
            }),
          ),
        );
      });
      // g
      log(
        'callListeners false',
        await outcome(async () => {
          const p = await app.tenancy.run('a', () =>
            projects.createQueryBuilder('p').callListeners(false).getMany(),
          );
          return app.tenancy.run('b', () => projects.save(p));
        }),
      );
      // k
      log(
        'lazy foreign',
        await outcome(async () => {
          const p = await app.tenancy.run('a', () => projects.findOneByOrFail({ id: 1 }));
          return app.tenancy.run('b', async () => {
            const n = repo.create({ id: 99000, text: 'b' });
            n.proj = Promise.resolve(p);
            await repo.save(n);
            return 'saved';
          });
        }),
      );
      log(
        'lazy foreign tick',
        await outcome(async () => {
          const p = await app.tenancy.run('a', () => projects.findOneByOrFail({ id: 1 }));
          return app.tenancy.run('b', async () => {
            const n = repo.create({ id: 99001, text: 'b' });
            n.proj = Promise.resolve(p);
            await 0;
            await repo.save(n);
            return 'saved';
          });
        }),
      );
      log(
        'update foreign',
        await outcome(async () => {
          const p = await app.tenancy.run('a', () => projects.findOneByOrFail({ id: 1 }));
          return app.tenancy.run('b', () => repo.update({ id: 1 }, { proj: p as any }));
        }),
      );
      log(
        'qb relation add',
        await outcome(async () => {
          const p = await app.tenancy.run('a', () => projects.findOneByOrFail({ id: 1 }));
          return app.tenancy.run('b', () =>
            projects.createQueryBuilder().relation('notes').of(p).add(3),
          );
        }),
      );
      log(
        'qb relation set',
        await outcome(async () => {
          const p = await app.tenancy.run('a', () => projects.findOneByOrFail({ id: 1 }));
          return app.tenancy.run('b', () =>
            repo.createQueryBuilder().relation('proj').of(3).set(p),
          );
        }),
      );
      log(
        'qb relation loadMany',
        await outcome(async () => {
          const p = await app.tenancy.run('a', () => projects.findOneByOrFail({ id: 1 }));
          return app.tenancy.run('b', () =>
            projects.createQueryBuilder().relation('notes').of(p).loadMany(),
          );
        }),
      );
      log(
        'delete foreign',
        await outcome(async () => {
          const p = await app.tenancy.run('a', () => projects.findOneByOrFail({ id: 2 }));
          return app.tenancy.run('b', () => projects.delete(p as any));
        }),
      );
      // c
      const missing = { placement: { server: 'main', database: setup.databasePrefix + 'gone' } };
      log('stats', app.pools.stats().servers[0]);
      log('missing 1', await outcome(() => app.pools.dataSource(missing).query('select 1')));
      await Promise.all([dsA.query('select 1'), dsA.query('select 1'), dsA.query('select 1')]);
      log('missing 2', await outcome(() => app.pools.dataSource(missing).query('select 1')));
      log('stats', app.pools.stats().servers[0]);
      // b
      if (setup.admin) {
        log(
          'kill mid stream',
          await outcome(() =>
            app.tenancy.run('a', async () => {
              const stream = await repo.createQueryBuilder('n').stream();
              const rows: unknown[] = [];
              let error: unknown = 'none';
              const closed = Promise.race([
                once(stream, 'close').catch((e) => (error = e.code)),
                new Promise((r) => setTimeout(r, 1500, 'timeout')),
              ]);
              stream.once('data', () => {
                stream.pause();
              });
              await once(stream, 'data');
              const list = await setup.admin!('show processlist');
              const mine = list.filter((p: any) => p.db && String(p.db).endsWith('_a'));
              for (const p of mine) await outcome(() => setup.admin!(`kill ${p.Id}`));
              stream.on('data', (r) => rows.push(r));
              stream.resume();
              const how = await closed;
              return [
                rows.length,
                how === 'timeout' ? how : 'closed',
                String(error),
                app.pools.stats().servers[0],
              ];
            }),
          ),
        );
      }
      log(
        'stream ctx',
        await outcome(() =>
          app.tenancy.run('b', async () => {
            const seen = new Set<unknown>();
            const stream = await repo.createQueryBuilder('n').limit(5).stream();
            await new Promise((resolve) => {
              stream.on('data', (row: any) => seen.add(row.n_text[0] + app.tenancy.current?.slug));
              stream.on('end', () => {
                seen.add('end' + app.tenancy.current?.slug);
                resolve(0);
              });
            });
            return [...seen];
          }),
        ),
      );
      if (setup.admin)
        log(
          'prepared',
          await outcome(async () => {
            const own = { placement: { ...a.placement } },
              other = { placement: { ...b.placement } };
            const exec = async (where: any, sql: string) => {
              const qr = app.pools.dataSource(where).createQueryRunner();
              const c = await qr.connect();
              try {
                return await outcome(async () => [c.threadId, (await c.promise().execute(sql))[0]]);
              } finally {
                await qr.release();
              }
            };
            const r = [];
            const both = async (where: any, sql: string) => {
              const q1 = app.pools.dataSource(where).createQueryRunner();
              const q2 = app.pools.dataSource(where).createQueryRunner();
              await q1.connect();
              await q2.connect();
              const out = [];
              for (const q of [q1, q2])
                out.push(
                  await outcome(async () => {
                    const c = await q.connect();
                    return [c.threadId, (await c.promise().execute(sql))[0]];
                  }),
                );
              await q1.release();
              await q2.release();
              return out;
            };
            r.push(await both(own, 'SELECT id FROM proj'));
            r.push(await both(other, 'SELECT text FROM proj'));
            r.push(await both(own, 'SELECT id FROM proj'));
            return r;
          }),
        );
      log(
        'temp',
        await outcome(() =>
          app.tenancy.run('a', async () => {
            if (setup.admin) return;
            const qr = ds.createQueryRunner();
            await qr.query('CREATE TABLE temp.proj (id int, text varchar)');
            await qr.release();
            return projects.find();
          }),
        ),
      );
    } finally {
      console.log(name + '\n' + out.join('\n'));
      await app.close();
      await setup.cleanUp();
    }
  });
});
