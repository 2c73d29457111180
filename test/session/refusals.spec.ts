import cookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import expressSession from 'express-session';
import { TenancyModule } from '../../lib/index.js';
import { TenantSessionModule, type TenantSessionOptions } from '../../lib/session/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { optionsOn } from '../support/tenancy-app.js';
import { SECRET } from './session-app.js';

@Module({})
class Root {}

const VALID = { use: expressSession, secret: SECRET, sweepInterval: 0 } as const;

let setup: EngineSetup;
beforeAll(async () => {
  setup = await engines[0]!.prepare();
});
afterAll(() => setup.cleanUp());

/** Starts an app as far as `listen` does, without a port. */
async function start(
  imports: (Type | DynamicModule)[],
  adapter: AbstractHttpAdapter = new ExpressAdapter(),
): Promise<void> {
  const app = await NestFactory.create({ module: Root, imports }, adapter, {
    logger: false,
    abortOnError: false,
  });
  try {
    await app.listen(0, '127.0.0.1');
  } finally {
    await app.close();
  }
}
const tenancy = () => TenancyModule.forRoot(optionsOn(setup));
const sessions = (options: Partial<TenantSessionOptions> = {}) =>
  TenantSessionModule.forRoot({ ...VALID, ...options });
const refused = (problem: string) => ({
  code: 'SESSION_OPTIONS_INVALID',
  message: expect.stringContaining(problem),
});

it.each<[string, Partial<TenantSessionOptions>]>([
  ['`secret`', { secret: 'too short' }],
  ['`secret`', { secret: [] }],
  ['`secret`', { secret: [SECRET, 'too short'] }],
  ['`lifetime`', { lifetime: 0 }],
  ['`lifetime`', { lifetime: 1.5 }],
  ['`sweepInterval`', { sweepInterval: -1 }],
  // 30 days, which is more than a timer can wait.
  ['`sweepInterval`', { sweepInterval: 2_592_000 }],
  ['Did you mean "lifetime"', { lifetme: 60 } as object],
  ['Did you mean "secure"', { cookie: { secur: true } as object }],
  ['`use`', { use: undefined }],
  ['`store`', { store: 'memory' as 'redis' }],
])('%s is checked: %j', async (name, options) => {
  await expect(start([tenancy(), sessions(options)])).rejects.toMatchObject(refused(name));
});

it('TenancyModule is imported before it', async () => {
  await expect(start([sessions(), tenancy()])).rejects.toMatchObject(refused('import it after'));
});

it('its package is the platform’s', async () => {
  await expect(start([tenancy(), sessions({ use: fastifySession })])).rejects.toMatchObject(
    refused('install express-session'),
  );
  await expect(start([tenancy(), sessions()], new FastifyAdapter())).rejects.toMatchObject(
    refused('install @fastify/session'),
  );
});

it('Fastify needs its cookies', async () => {
  const parts = () => [tenancy(), sessions({ use: fastifySession })];
  await expect(start(parts(), new FastifyAdapter())).rejects.toMatchObject(
    refused('@fastify/cookie'),
  );
  const adapter = new FastifyAdapter();
  await adapter.getInstance().register(cookie);
  await start(parts(), adapter);
});

it('Redis is the one of TenancyModule', async () => {
  await expect(start([tenancy(), sessions({ store: 'redis' })])).rejects.toMatchObject({
    code: 'REDIS_NOT_CONFIGURED',
  });
});
