import { Controller, Get, Module } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Repository } from 'typeorm';
import { startApp, type TestApp } from '../support/app.js';
import { ask } from '../support/http.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { describeServers } from '../support/describe-servers.js';
import { startServer, type RunningServer } from '../support/servers/index.js';
import { until } from '../support/until.js';

@Controller()
class NotesController {
  constructor(@InjectRepository(Note) private readonly notes: Repository<Note>) {}

  @Get()
  all() {
    return this.notes.find();
  }
}

@Module({ imports: [TypeOrmModule.forFeature([Note])], controllers: [NotesController] })
class NotesModule {}

describeServers('an app that starts while one of its %s servers is down', (kind) => {
  const apps: TestApp[] = [];
  let folder: string;
  let one: RunningServer;
  let other: RunningServer;

  /** @param names of the servers, in the order of the options */
  const start = async (...names: readonly ('one' | 'other')[]): Promise<TestApp> => {
    const urls = { one: one.url, other: other.url };
    const app = await startApp(
      {
        centralUrl: `sqlite:${join(folder, 'central.sqlite')}`,
        serverUrl: one.url,
        databasePrefix: 'tenant_',
        cleanUp: async () => {},
      },
      {
        imports: [NotesModule],
        tenants: {
          servers: Object.fromEntries(names.map((name) => [name, { url: urls[name] }])),
          migrations: [CreateNotes1700000000001],
          seed: undefined,
        },
      },
    );
    apps.push(app);
    return app;
  };

  const notesOf = (app: TestApp, slug: string) => ask(app.nest, '/', { host: `${slug}.localhost` });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-'));
    [one, other] = await Promise.all([startServer(kind), startServer(kind)]);
    const app = await start('one', 'other');
    await app.tenants.create({ slug: 'acme', server: 'one' });
    await app.tenants.create({ slug: 'beta', server: 'other' });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await Promise.all([one?.stop(), other?.stop()]);
    await rm(folder, { recursive: true });
  });

  it.each<['one' | 'other', 'one' | 'other']>([
    ['one', 'other'],
    ['other', 'one'],
  ])(
    'of %s and %s the first',
    async (first, second) => {
      const [dead, tenantOfDead, tenantOfLiving] =
        first === 'one' ? [one, 'acme', 'beta'] : [other, 'beta', 'acme'];
      await dead.kill();
      const app = await start(first, second);

      expect(await notesOf(app, tenantOfLiving)).toMatchObject({
        status: 200,
        body: [{ text: 'migrated' }],
      });
      expect(await notesOf(app, tenantOfDead)).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
      });

      await dead.restart();
      await until('its tenants are served', async () => {
        expect((await notesOf(app, tenantOfLiving)).status).toBe(200);
        return (await notesOf(app, tenantOfDead)).status === 200;
      });
    },
    60_000,
  );
});
