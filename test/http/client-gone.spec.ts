import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DataSource } from 'typeorm';
import { ConnectionPoolManager, Tenancy, TenancyModule, TenantService } from '../../lib/index.js';
import { PLATFORMS } from '../support/http.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';
import { until } from '../support/until.js';

@Controller()
class Routes {
  background?: Promise<unknown>;

  constructor(private readonly dataSource: DataSource) {}

  @Get('one')
  async one() {
    await this.dataSource.query('SELECT 1');
    return { done: true };
  }

  /** Answers at once and goes on. */
  @Get('later')
  later() {
    this.background = this.dataSource.query('SELECT 1');
    this.background.catch(() => undefined);
    return { done: false };
  }
}

@Module({ controllers: [Routes] })
class AppModule {}

/** One engine will do: who waits is not the engine's to know. */
describe.each(Object.keys(PLATFORMS))('on %s, a client', (platform) => {
  const [{ prepare }] = engines;
  let setup: EngineSetup;
  let app: INestApplication;
  let pools: ConnectionPoolManager;
  const waiting = () => pools.stats().servers[0]!.waiting;

  beforeAll(async () => {
    setup = await prepare();
    const servers = { main: { url: setup.serverUrl, maxConnections: 1 } };
    app = await NestFactory.create(
      {
        module: AppModule,
        imports: [TenancyModule.forRoot(optionsOn(setup, { tenants: { servers } }))],
      },
      PLATFORMS[platform]!(),
      { logger: false, abortOnError: false },
    );
    await app.listen(0, '127.0.0.1');
    pools = app.get(ConnectionPoolManager);
    await app.get(TenantService).create({ slug: 'acme' });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  /** The only connection, for as long as `work` runs. */
  const holding = (work: () => Promise<void>) =>
    app.get(Tenancy).run('acme', () => app.get(DataSource).transaction(work));

  it('that goes away while it waits for a connection frees its place', () =>
    holding(async () => {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const sent = request({
        port,
        host: '127.0.0.1',
        path: '/one',
        headers: { host: 'acme.localhost' },
      });
      sent.on('error', () => undefined).end();
      await until('it waits', () => waiting() === 1);
      sent.destroy();
      await until('its place is free', () => waiting() === 0);
      expect(pools.stats().servers[0]!.aborted).toBe(1);
    }));

  it('that has its answer does not take what goes on after it along', async () => {
    const routes = app.get(Routes);
    await holding(async () => {
      expect((await ask(app, '/later', { host: 'acme.localhost' })).status).toBe(200);
      expect(waiting()).toBe(1);
    });
    await expect(routes.background).resolves.toBeDefined();
  });
});
