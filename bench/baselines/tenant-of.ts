import { NotFoundException } from '@nestjs/common';

/** What is read of a request. Express's, Fastify's and node's own have it. */
export interface RequestWithHost {
  readonly headers: { readonly host?: string };
}

/** The tenant's slug out of `t1.localhost`. */
export function tenantOf(request: RequestWithHost): string {
  const [slug = ''] = (request.headers.host ?? '').split('.');
  if (!/^t\d+$/.test(slug)) throw new NotFoundException();
  return slug;
}
