import {
  ConsoleLogger,
  Controller,
  Get,
  HttpStatus,
  Injectable,
  Module,
  Res,
  type INestApplication,
  type MiddlewareConsumer,
  type NestMiddleware,
  type NestModule,
} from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { TenancyError } from '../../lib/tenancy.error.js';
import { ask, PLATFORMS, startHttpApp } from '../support/http.js';
import { TenantsInMemory } from '../support/tenants-in-memory.js';

class PoolExhausted extends TenancyError {
  constructor() {
    super({
      code: 'POOL_EXHAUSTED',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message: 'No connection to "db-7.internal" became free.',
      retryAfter: 3,
      cause: new Error('40 of 40 are in use'),
    });
  }
}

@Controller()
class Routes {
  @Get('busy')
  busy() {
    throw new PoolExhausted();
  }

  @Get('begun')
  begun(@Res() reply: ServerResponse & { raw?: ServerResponse; hijack?: () => void }) {
    reply.hijack?.();
    (reply.raw ?? reply).write('begun');
    throw new PoolExhausted();
  }

  @Get('fine')
  fine() {
    return {};
  }
}

@Injectable()
class Failing implements NestMiddleware {
  use() {
    throw new PoolExhausted();
  }
}

@Module({ controllers: [Routes] })
class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(Failing).forRoutes('busy-middleware');
  }
}

/** Keeps what would be printed. */
class Keeping extends ConsoleLogger {
  readonly errors: string[] = [];

  override error(...parts: unknown[]) {
    this.errors.push(parts.map(String).join('\n'));
  }

  override log() {}
  override warn() {}
}

const BUSY = {
  status: 503,
  headers: { 'retry-after': '3' },
  body: { statusCode: 503, code: 'POOL_EXHAUSTED', message: 'Service Unavailable' },
};

describe.each(Object.entries(PLATFORMS))('on %s', (_name, platform) => {
  let app: INestApplication;
  let logger: Keeping;
  let tenants: TenantsInMemory;
  const get = (path: string) => ask(app, path, { host: 'acme.localhost' });
  beforeEach(async () => {
    logger = new Keeping();
    tenants = new TenantsInMemory();
    tenants.add('acme');
    app = await startHttpApp({ adapter: platform(), tenants, module: AppModule, logger });
  });
  afterEach(() => app.close());

  it('a temporary failure says when to ask again, and nothing internal', async () => {
    expect(await get('/busy')).toMatchObject(BUSY);
  });

  it('also when it comes from a middleware', async () => {
    expect(await get('/busy-middleware')).toMatchObject(BUSY);
  });

  it('is logged with its stack and its causes', async () => {
    await get('/busy');
    expect(logger.errors).toEqual([
      expect.stringMatching(
        /No connection to "db-7.internal" became free\.[^]*at Routes\.busy[^]*Caused by: Error: 40 of 40/,
      ),
    ]);
  });

  it('in the middle of an answer ends it', async () => {
    expect(await get('/begun')).toMatchObject({ status: 200, body: 'begun' });
  });

  it('refusals are not logged as errors', async () => {
    expect((await ask(app, '/fine', { host: 'nobody.localhost' })).status).toBe(404);
    expect(logger.errors).toEqual([]);
  });

  it.each([
    [
      'at once',
      (error: Error) => {
        throw error;
      },
    ],
    ['later', (error: Error) => Promise.reject(error)],
  ])('the search for the tenant fails %s as what it fails with', async (_when, fail) => {
    tenants.answers = () => fail(new PoolExhausted());
    expect(await get('/fine')).toMatchObject(BUSY);
    tenants.answers = () => fail(new Error('a bug'));
    expect(await get('/fine')).toMatchObject({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
    tenants.answers = (answer) => answer;
    expect((await get('/fine')).status).toBe(200);
  });
});
