import {
  Inject,
  Module,
  type CanActivate,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import { IdentifierChain } from '../identify/chain.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { TenancyExceptionFilter } from './tenancy-exception.filter.js';
import { TenancyGuard } from './tenancy.guard.js';
import { TenancyInterceptor } from './tenancy.interceptor.js';
import { TenancyMiddleware } from './tenancy.middleware.js';

const PASS_ALL: CanActivate = { canActivate: () => true };

/**
 * Mounts the HTTP side for the whole app: middleware, guard and exception filter. With `http.mount: false` the app
 * mounts the first two itself: `consumer.apply(TenancyMiddleware)`, `@UseGuards(TenancyGuard)`. The interceptor is put
 * where it is needed: a global one, even an empty one, costs each request more than all of the rest together on node 20.
 *
 * Needs `TENANCY_OPTIONS` and the registry. To be imported as a global module, so that its middleware runs before the
 * app's own.
 */
@Module({
  providers: [
    IdentifierChain,
    TenancyGuard,
    TenancyInterceptor,
    TenancyMiddleware,
    {
      // What is global is registered before `forRootAsync` knows its options, so without `mount` it is something inert.
      provide: APP_GUARD,
      inject: [TENANCY_OPTIONS, TenancyGuard],
      useFactory: ({ http }: ResolvedTenancyOptions, guard: TenancyGuard): CanActivate =>
        http.mount ? guard : PASS_ALL,
    },
    { provide: APP_FILTER, useClass: TenancyExceptionFilter },
  ],
  exports: [IdentifierChain],
})
export class TenancyHttpModule implements NestModule {
  constructor(
    @Inject(TENANCY_OPTIONS) private readonly options: ResolvedTenancyOptions,
    private readonly middleware: TenancyMiddleware,
    private readonly host: HttpAdapterHost,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    const { mount, exclude } = this.options.http;
    if (!mount) return;
    if (exclude.length === 0) {
      // All requests, as below, without NestJS's own matching of paths, which costs each of them some microseconds.
      this.host.httpAdapter.use(this.middleware.use.bind(this.middleware));
      return;
    }
    // '/' and '*splat' miss routes: https://docs.nestjs.com/middleware#route-wildcards
    consumer
      .apply(TenancyMiddleware)
      .exclude(...exclude)
      .forRoutes('{*splat}');
  }
}
