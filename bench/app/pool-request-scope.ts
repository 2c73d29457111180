import type { DynamicModule } from '@nestjs/common';
import { RequestScopeModule } from '../baselines/request-scope.js';
import { SERVICES_OF_CONTROLLER, type PoolAppSettings } from './pool-settings.js';

/** The baseline of `bench:http`, on the first server. */
export function poolRequestScope({ kind, servers }: PoolAppSettings): DynamicModule {
  const [{ url, maxConnections = 0 }] = Object.values(servers);
  return RequestScopeModule.with({
    variant: 'request-scope',
    adapter: 'fastify',
    server: kind,
    url,
    maxConnections,
    services: SERVICES_OF_CONTROLLER,
    spans: false,
  });
}
