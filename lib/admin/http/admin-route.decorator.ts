import {
  applyDecorators,
  Controller,
  HttpCode,
  UseFilters,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';
import {
  ApiDefaultResponse,
  ApiExtraModels,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiSecurity,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { TenancyGuard } from '../../http/tenancy.guard.js';
import { CentralRoute } from '../../identify/route-mode.js';
import { RefuseIdempotencyKey } from '../operations/refuse-idempotency-key.js';
import { SetAction } from './admin-action.js';
import { AdminExceptionFilter } from './admin-exception.filter.js';
import { AdminGuard } from './admin.guard.js';
import { AdminInterceptor } from './admin.interceptor.js';
import { Problem } from './problem.js';

/** The name of what the guard asks for, in the OpenAPI document. */
export const OPERATOR = 'operator';

/** A controller of the admin API: nobody comes to its routes but past the guard, and on the central side. */
export function AdminController(path: string, tag: string): ClassDecorator {
  const ofTenant = path.includes(':tenant');
  return applyDecorators(
    Controller({ path, version: VERSION_NEUTRAL }),
    CentralRoute(),
    // The first one, also where the app mounts it otherwise than for all routes.
    UseGuards(TenancyGuard, AdminGuard),
    UseInterceptors(AdminInterceptor),
    UseFilters(AdminExceptionFilter),
    ApiTags(tag),
    ApiSecurity(OPERATOR),
    ApiExtraModels(Problem),
    ...(ofTenant ? [TENANT_PARAMETER] : []),
  );
}

const TENANT_PARAMETER = ApiParam({
  name: 'tenant',
  type: String,
  description: 'The id or the slug of the tenant.',
});

/** What is said of a route of the admin API. */
export interface AdminRouteDetails {
  /** What it does, for the audit log: `tenant.create`. */
  readonly action: string;
  readonly summary: string;
  readonly description?: string;
  /** What it answers. Default: nothing. */
  readonly answer?: Type;
  /** Default 200; 204 without an `answer`. */
  readonly status?: number;
  /** The answer may hold a secret that is kept nowhere: no idempotency key gets it again. Default false. */
  readonly tellsSecret?: boolean;
}

const NO_KEY = 'Refuses an Idempotency-Key: a secret that is told once cannot be answered again.';

/** A route of an {@link AdminController}. Its method's name is the operation's id. */
export function AdminRoute(details: AdminRouteDetails): MethodDecorator {
  const { action, summary, answer, status = answer ? 200 : 204, tellsSecret = false } = details;
  const description = [details.description ?? [], tellsSecret ? NO_KEY : []].flat().join(' ');
  return (target, method, descriptor) =>
    applyDecorators(
      SetAction(`admin.${action}`),
      HttpCode(status),
      ...(tellsSecret ? [UseInterceptors(RefuseIdempotencyKey)] : []),
      ApiOperation({
        operationId: String(method),
        summary,
        ...(description !== '' && { description }),
      }),
      ApiResponse({ status, description: 'Done.', ...(answer && { type: answer }) }),
      ApiDefaultResponse({
        description: 'Refused, or failed.',
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(Problem) } } },
      }),
    )(target, method, descriptor);
}
