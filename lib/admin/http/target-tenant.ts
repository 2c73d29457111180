import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Tenant } from '../../tenant/tenant.entity.js';

const TARGET = Symbol('target');

interface RememberingRequest {
  [TARGET]?: Tenant;
}

/** The path names this tenant. */
export function rememberTarget(request: object, tenant: Tenant): void {
  (request as RememberingRequest)[TARGET] = tenant;
}

export function targetOf(request: object): Tenant | undefined {
  return (request as RememberingRequest)[TARGET];
}

/** Hands the tenant that `:tenant` of the path names to a handler. */
export const TargetTenant: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext) => targetOf(context.switchToHttp().getRequest<object>()),
);
