import { TenancyOptionsError } from '../options/errors.js';
import { InvalidTenantKey, type Authorize, type Identifier } from '../options/identifier.js';
import { tenantKey } from './tenant-key.js';

export interface ByPathOptions {
  /**
   * What the path starts with before the tenant's slug or id: `/t` for `/t/acme/projects`. It begins at the root, so a
   * global prefix of the app is part of it: `/api/t`.
   */
  readonly prefix: string;
  /**
   * Decides whether the client may act in the tenant. Worth giving: all tenants share one host here, so a browser sends
   * the cookies it got from one tenant to every other.
   */
  readonly authorize?: Authorize;
}

/**
 * Finds the tenant by the path segment after `prefix`. The URL stays as it is, so routes have the segment too:
 * `@Controller('t/:tenant/projects')`.
 * @throws TenancyOptionsError when `prefix` does not start with a slash
 */
export function byPath({ prefix, authorize }: ByPathOptions): Identifier {
  if (!prefix.startsWith('/')) {
    throw new TenancyOptionsError([
      {
        path: 'byPath({ prefix })',
        problem: `"${prefix}" does not start with a slash`,
        remedy: `Write '/${prefix}'`,
      },
    ]);
  }
  const start = `${prefix.replace(/\/+$/, '')}/`;
  return {
    name: `path ${start}`,
    forgeable: false,
    authorize,
    identify(request) {
      // A framework that mounts middleware at a path cuts that path off `url`, hence `originalUrl`.
      const url = request.originalUrl ?? request.url ?? '';
      if (!url.startsWith(start)) return undefined;
      const [segment = ''] = url.slice(start.length).split(/[/?#]/, 1);
      if (segment === '') return undefined;
      const value = decode(segment);
      return value === undefined
        ? new InvalidTenantKey('the path segment is not percent-encoded as UTF-8')
        : tenantKey(value);
    },
  };
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
