import {
  Inject,
  Module,
  type CanActivate,
  type FactoryProvider,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { IdentifierChain } from '../identify/chain.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { TenancyExceptionFilter } from './tenancy-exception.filter.js';
import { TenancyGuard } from './tenancy.guard.js';
import { TenancyInterceptor } from './tenancy.interceptor.js';
import { TenancyMiddleware } from './tenancy.middleware.js';

const PASS_ALL: CanActivate = { canActivate: () => true };
const PASS_ON: NestInterceptor = { intercept: (_context, next) => next.handle() };

/**
 * Mounts the HTTP side for the whole app: middleware, guard, interceptor and exception filter. With `http.mount: false`
 * the app mounts the first three itself: `consumer.apply(TenancyMiddleware)`, `@UseGuards(TenancyGuard)`, ….
 *
 * Needs `TENANCY_OPTIONS` and the registry. To be imported as a global module, so that its middleware runs before the
 * app's own.
 */
@Module({
  providers: [
    IdentifierChain,
    TenancyGuard,
    TenancyInterceptor,
    whenMounted(APP_GUARD, TenancyGuard, PASS_ALL),
    whenMounted(APP_INTERCEPTOR, TenancyInterceptor, PASS_ON),
    { provide: APP_FILTER, useClass: TenancyExceptionFilter },
  ],
  exports: [IdentifierChain],
})
export class TenancyHttpModule implements NestModule {
  constructor(@Inject(TENANCY_OPTIONS) private readonly options: ResolvedTenancyOptions) {}

  configure(consumer: MiddlewareConsumer): void {
    const { mount, exclude } = this.options.http;
    if (!mount) return;
    // '/' and '*splat' miss routes: https://docs.nestjs.com/middleware#route-wildcards
    consumer
      .apply(TenancyMiddleware)
      .exclude(...exclude)
      .forRoutes('{*splat}');
  }
}

/** What is global must be registered before `forRootAsync` knows its options, so without `mount` something inert is. */
function whenMounted<T>(token: string, enhancer: Type<T>, inert: T): FactoryProvider<T> {
  return {
    provide: token,
    inject: [TENANCY_OPTIONS, enhancer],
    useFactory: (options: ResolvedTenancyOptions, mounted: T) =>
      options.http.mount ? mounted : inert,
  };
}
