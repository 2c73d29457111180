import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectDataSource } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { AbstractLogger, type DataSource } from 'typeorm';
import {
  ApiKey,
  ApiKeyService,
  byApiKey,
  bySubdomain,
  Quota,
  Tenancy,
  TenancyModule,
  TenantService,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { optionsOn } from '../support/tenancy-app.js';

class CountingLogger extends AbstractLogger {
  queries = 0;

  constructor() {
    super(['query']);
  }

  override logQuery(): void {
    this.queries += 1;
  }

  protected override writeLog(): void {}
}

@Controller('one')
@ApiKey()
@Quota('api_calls_per_day')
class OneController {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @Get()
  one() {
    return this.dataSource.query('SELECT 1 AS one');
  }
}

@Module({})
class Root {}

/** Requests that are looked at one by one: what is written in the background stands between a few of them only. */
const REQUESTS = 25;

describe.each(Object.keys(PLATFORMS))(
  'quotas, keys, audit and maintenance at once on %s',
  (name) => {
    const central = new CountingLogger();
    const tenants = new CountingLogger();
    let setup: EngineSetup;
    let redis: RedisServer;
    let app: INestApplication;
    let headers: Record<string, string>;

    beforeAll(async () => {
      redis = await startRedis();
      setup = await engines[0].prepare();
      const options = optionsOn(setup, {
        redis: { url: redis.url },
        quota: { store: 'redis', catalogue: { api_calls_per_day: { limit: 1_000 } } },
        audit: { keys: [randomBytes(32).toString('base64')] },
        identify: [byApiKey(), bySubdomain({ of: 'localhost' })],
        central: { typeorm: { logger: central, logging: ['query'] } },
        tenants: { typeorm: { logger: tenants, logging: ['query'] } },
      });
      app = await NestFactory.create(
        { module: Root, imports: [TenancyModule.forRoot(options)], controllers: [OneController] },
        PLATFORMS[name](),
        { logger: false, abortOnError: false },
      );
      await app.listen(0, '127.0.0.1');
      await app.get(TenantService).create({ slug: 'acme' });
      const create = () => app.get(ApiKeyService).create({ name: 'client', scopes: [] });
      const { key } = await app.get(Tenancy).run('acme', create);
      headers = { authorization: `Bearer ${key}` };
    });
    afterAll(async () => {
      await app.close();
      await redis.stop();
      await setup.cleanUp();
    });

    it('cost a request one round trip to Redis, and none to the central database', async () => {
      const client = createClient({ url: redis.url });
      await client.connect();
      // What came in from clients; what a script does inside of Redis is no trip.
      const trips = async () =>
        Number(/total_reads_processed:(\d+)/.exec(await client.info('stats'))![1]);
      const request = () => ask(app, '/one', { host: 'acme.localhost', headers });
      try {
        // What has to be looked up is known then.
        expect(await request()).toMatchObject({ status: 200, body: [{ one: 1 }] });
        const costs: { redis: number; central: number; own: number }[] = [];
        for (let count = 0; count < REQUESTS; count++) {
          const before = {
            redis: await trips(),
            central: central.queries,
            own: tenants.queries,
          };
          expect(await request()).toMatchObject({ status: 200 });
          costs.push({
            // The question itself is one.
            redis: (await trips()) - before.redis - 1,
            central: central.queries - before.central,
            own: tenants.queries - before.own,
          });
        }
        const usual = (what: 'redis' | 'central' | 'own') =>
          costs.map((cost) => cost[what]).toSorted((a, b) => a - b)[Math.floor(REQUESTS / 2)];
        expect({ redis: usual('redis'), central: usual('central'), own: usual('own') }).toEqual({
          redis: 1,
          central: 0,
          own: 1,
        });
      } finally {
        client.destroy();
      }
    });
  },
);
