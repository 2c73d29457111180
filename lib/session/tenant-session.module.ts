import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { Tenancy } from '../context/tenancy.js';
import { RedisNotConfiguredError } from '../redis/errors.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { DatabaseSessions } from './database-sessions.js';
import { SessionOptionsError } from './errors.js';
import { expressSessions } from './express-sessions.js';
import { fastifySessions, type FastifyServer } from './fastify-sessions.js';
import {
  resolveSessionOptions,
  SESSION_OPTIONS,
  type ExpressSession,
  type FastifySession,
  type ResolvedSessionOptions,
  type SessionPackage,
  type TenantSessionOptions,
} from './session-options.js';
import { RedisSessions } from './redis-sessions.js';
import { SESSION_ROWS, type SessionRows } from './session-rows.js';
import { TenantSessionStore } from './session-store.js';
import { SessionSweeper } from './session-sweeper.js';
import { TenantSessions } from './tenant-sessions.js';

/** Makes the options of an app that imports `TenantSessionModule.forRootAsync({ useClass })`. */
export interface TenantSessionOptionsFactory {
  createTenantSessionOptions(): TenantSessionOptions | Promise<TenantSessionOptions>;
}

const GIVEN_OPTIONS = Symbol.for('nestjs-tenancy:given-session-options');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TenantSessionOptions>({
  optionsInjectionToken: GIVEN_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTenantSessionOptions')
  // Its middleware runs before that of the app's own modules, which may need the session.
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Gives every request of a tenant its session, `request.session`, as `express-session` or `@fastify/session` do; requests
 * without a tenant have none. Import it once, after `TenancyModule`:
 *
 * ```ts
 * import session from 'express-session';
 *
 * TenantSessionModule.forRoot({ use: session, secret: process.env.SESSION_SECRET })
 * ```
 */
@Module({
  providers: [
    {
      provide: SESSION_OPTIONS,
      inject: [GIVEN_OPTIONS],
      useFactory: resolveSessionOptions,
    },
    DatabaseSessions,
    RedisSessions,
    {
      provide: SESSION_ROWS,
      inject: [SESSION_OPTIONS, DatabaseSessions, RedisSessions],
      useFactory: (
        { store }: ResolvedSessionOptions,
        database: DatabaseSessions,
        redis: RedisSessions,
      ): SessionRows => (store === 'redis' ? redis : database),
    },
    SessionSweeper,
    TenantSessions,
    TenantSessionStore,
  ],
  exports: [SessionSweeper, TenantSessions, TenantSessionStore],
})
export class TenantSessionModule extends ConfigurableModuleClass implements NestModule {
  constructor(
    @Inject(SESSION_OPTIONS) private readonly options: ResolvedSessionOptions,
    private readonly store: TenantSessionStore,
    private readonly modules: ModulesContainer,
    private readonly host: HttpAdapterHost,
    redis: RedisConnections,
  ) {
    super();
    if (options.store === 'redis' && !redis.configured) {
      throw new RedisNotConfiguredError('`store: "redis"` of TenantSessionModule');
    }
  }

  /** @throws SessionOptionsError where it could not work */
  configure(consumer: MiddlewareConsumer): void {
    this.requireTenancyBefore();
    const { httpAdapter } = this.host;
    const { use } = this.options;
    const platform: string = httpAdapter.getType();
    if (platform === 'fastify') {
      if (!isFastify(use)) throw wrongPackage('Fastify', '@fastify/session');
      const server: FastifyServer = httpAdapter.getInstance();
      server.register(fastifySessions(use, this.store, this.options));
    } else {
      if (!isExpress(use)) throw wrongPackage('Express', 'express-session');
      consumer.apply(expressSessions(use, this.store, this.options)).forRoutes('{*splat}');
    }
  }

  /** NestJS mounts the middleware of global modules in the order of their imports. */
  private requireTenancyBefore(): void {
    for (const { instance, providers } of this.modules.values()) {
      if (providers.has(Tenancy)) return;
      if (instance === this) {
        throw new SessionOptionsError('it is imported before TenancyModule: import it after');
      }
    }
  }
}

function isFastify(use: SessionPackage): use is FastifySession {
  return 'MemoryStore' in use && !('Session' in use);
}

function isExpress(use: SessionPackage): use is ExpressSession {
  return 'Session' in use;
}

function wrongPackage(platform: string, name: string): SessionOptionsError {
  return new SessionOptionsError(
    `the app runs on ${platform}: install ${name}, and give what it exports as \`use\``,
  );
}
