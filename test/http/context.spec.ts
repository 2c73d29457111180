import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  UseFilters,
  UseInterceptors,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
  type MiddlewareConsumer,
  type NestMiddleware,
  type NestModule,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AsyncResource } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { interval, map, take } from 'rxjs';
import { currentTenant, requireTenant, runForTenant } from '../../lib/context/tenant-context.js';
import { CurrentTenant } from '../../lib/http/current-tenant.decorator.js';
import { UniversalRoute } from '../../lib/identify/route-mode.js';
import { TenancyInterceptor } from '../../lib/http/tenancy.interceptor.js';
import { ask, PLATFORMS, startHttpApp } from '../support/http.js';
import { later, TenantsInMemory } from '../support/tenants-in-memory.js';

const slug = () => currentTenant()?.slug ?? null;

/** Releases everyone who waits once `size` of them do. */
class Meeting {
  private readonly events = new EventEmitter().setMaxListeners(0);
  private waiting = 0;

  constructor(private readonly size: number) {}

  async join(): Promise<void> {
    this.waiting += 1;
    if (this.waiting === this.size) this.events.emit('complete');
    else await once(this.events, 'complete');
  }
}

let meeting: Meeting;

@Injectable()
class AnswersWithTenant implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(_error: unknown, args: ArgumentsHost) {
    this.host.httpAdapter.reply(args.switchToHttp().getResponse(), { slug: slug() }, 418);
  }
}

@Controller()
class Routes {
  @UniversalRoute()
  @Get('whose')
  whose() {
    return { slug: slug() };
  }

  @Get('meet')
  async meet(@CurrentTenant() tenant: CurrentTenant) {
    const before = slug();
    await meeting.join();
    return { slugs: [tenant.slug, before, slug()] };
  }

  @Post('body')
  body(@Body() body: unknown) {
    return { body, slug: slug() };
  }

  @Get('observable')
  observable() {
    return interval(1).pipe(
      take(3),
      map(() => ({ slug: slug() })),
    );
  }

  @UseFilters(AnswersWithTenant)
  @Get('failing')
  failing() {
    throw new Error('failing');
  }

  @Get('required')
  required(@CurrentTenant('id') id: string) {
    return { id, required: requireTenant('the test').slug };
  }
}

@Module({ controllers: [Routes] })
class AppModule {}

const tenants = new TenantsInMemory();
const acme = tenants.add('acme');
for (let n = 0; n < 20; n += 1) tenants.add(`t${n}`);

describe.each(Object.entries(PLATFORMS))('on %s', (_name, platform) => {
  let app: INestApplication;
  const start = async (module: new () => object = AppModule) => {
    app = await startHttpApp({ adapter: platform(), tenants, module });
  };
  afterEach(async () => {
    tenants.answers = (answer) => answer;
    await app.close();
  });

  describe.each([
    ['from memory', (answer: Parameters<typeof later>[0]) => answer],
    ['from the central database', later],
  ])('with tenants %s', (_how, answers) => {
    beforeEach(async () => {
      tenants.answers = answers;
      await start();
    });

    it('a request on the socket of another is not handled as its tenant', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const sockets = new Set<Socket>();
      app.getHttpServer().on('connection', (socket: Socket) => sockets.add(socket));
      const slugs: unknown[] = [];
      for (const host of ['acme.localhost', 'localhost', 't1.localhost', 'x.localhost']) {
        slugs.push((await ask(app, '/whose', { host, agent })).body);
      }
      agent.destroy();
      expect(slugs).toEqual([{ slug: 'acme' }, { slug: null }, { slug: 't1' }, { slug: null }]);
      expect(sockets.size).toBe(1);
    });

    it('requests at the same time keep their own tenants', async () => {
      const hosts = Array.from({ length: 100 }, (_, n) => `t${n % 20}`);
      meeting = new Meeting(hosts.length);
      const answered = await Promise.all(
        hosts.map((name) => ask(app, '/meet', { host: `${name}.localhost` })),
      );
      expect(answered.map(({ body }) => body)).toEqual(
        hosts.map((name) => ({ slugs: [name, name, name] })),
      );
    });

    it('a body that comes slowly, in pieces, is handled as its tenant', async () => {
      async function* chunks() {
        yield '{"a":';
        // The other request begins and ends while this one's body is on its way.
        await ask(app, '/whose', { host: 't1.localhost' });
        yield '"b"';
        await ask(app, '/whose', { host: 'localhost' });
        yield '}';
      }
      const { body } = await ask(app, '/body', {
        host: 'acme.localhost',
        headers: { 'content-type': 'application/json' },
        chunks: chunks(),
      });
      expect(body).toEqual({ body: { a: 'b' }, slug: 'acme' });
    });

    it('observables and exception filters run as the tenant', async () => {
      const host = 'acme.localhost';
      expect(await ask(app, '/observable', { host })).toMatchObject({ body: { slug: 'acme' } });
      expect(await ask(app, '/failing', { host })).toMatchObject({
        status: 418,
        body: { slug: 'acme' },
      });
    });

    it('handlers are given the tenant or a property of it', async () => {
      const { body } = await ask(app, '/required', { host: 'acme.localhost' });
      expect(body).toEqual({ id: acme.id, required: 'acme' });
    });
  });

  describe('when a middleware loses the context', () => {
    /** As a client of a shared socket does: calls back in the context in which the socket was opened. */
    function losing(resource: AsyncResource, controller: new () => object) {
      @Injectable()
      class Losing implements NestMiddleware {
        use(_request: unknown, _response: unknown, next: () => void) {
          resource.runInAsyncScope(next);
        }
      }
      @Module({ controllers: [controller] })
      class LosingModule implements NestModule {
        configure(consumer: MiddlewareConsumer) {
          consumer.apply(Losing).forRoutes('{*splat}');
        }
      }
      return LosingModule;
    }

    @UseInterceptors(TenancyInterceptor)
    class Reentering extends Routes {}
    Controller()(Reentering);

    const sockets: [string, () => AsyncResource][] = [
      ['to none', () => new AsyncResource('socket')],
      ["to another request's", () => runForTenant(acme, () => new AsyncResource('socket'))],
    ];

    it.each(sockets)(
      '%s, a handler behind the interceptor runs as its own tenant',
      async (_to, socket) => {
        await start(losing(socket(), Reentering));
        expect((await ask(app, '/whose', { host: 't1.localhost' })).body).toEqual({ slug: 't1' });
        expect((await ask(app, '/whose', { host: 'localhost' })).body).toEqual({ slug: null });
        expect((await ask(app, '/observable', { host: 't1.localhost' })).body).toEqual({
          slug: 't1',
        });
      },
    );

    it.each(sockets)('%s, any other request is refused', async (_to, socket) => {
      await start(losing(socket(), Routes));
      expect(await ask(app, '/whose', { host: 't1.localhost' })).toMatchObject({
        status: 500,
        body: { code: 'TENANT_CONTEXT_LOST', message: 'Internal server error' },
      });
    });

    it("a request without a tenant is refused in another's context", async () => {
      await start(
        losing(
          runForTenant(acme, () => new AsyncResource('socket')),
          Routes,
        ),
      );
      expect(await ask(app, '/whose', { host: 'localhost' })).toMatchObject({ status: 500 });
    });
  });

  it('a handler that asks for the tenant in a request without one fails', async () => {
    @Controller()
    class Asking {
      @UniversalRoute()
      @Get()
      get(@CurrentTenant() tenant: CurrentTenant) {
        return tenant;
      }
    }
    @Module({ controllers: [Asking] })
    class AskingModule {}
    await start(AskingModule);
    expect(await ask(app, '/')).toMatchObject({
      status: 500,
      body: { code: 'TENANT_CONTEXT_MISSING', message: 'Internal server error' },
    });
  });
});
