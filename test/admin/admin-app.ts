import {
  Injectable,
  Module,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { TenancyModule, type TenancyModuleOptions } from '../../lib/index.js';
import { TenancyAdminModule, type TenancyAdminOptions } from '../../lib/admin/index.js';
import type { EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';

/** Who may do what, by the token that is sent. */
const USERS: Readonly<Record<string, { readonly id: string; readonly operator: boolean }>> = {
  'token-of-anna': { id: 'anna', operator: true },
  'token-of-omar': { id: 'omar', operator: true },
  'token-of-eve': { id: 'eve', operator: false },
};

interface Request {
  readonly headers: Readonly<Record<string, string | undefined>>;
  user?: unknown;
}

/** As an app would have it: 401 for who is not known, 403 for who is no operator. */
@Injectable()
export class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const token = request.headers['authorization']?.replace(/^Bearer /, '') ?? '';
    const user = Object.hasOwn(USERS, token) ? USERS[token] : undefined;
    if (user === undefined) throw new UnauthorizedException();
    request.user = user;
    return user.operator;
  }
}

export interface AdminAppParts {
  readonly adapter?: AbstractHttpAdapter;
  readonly options?: TenancyModuleOptions;
  readonly admin?: Partial<TenancyAdminOptions>;
  readonly imports?: ModuleMetadata['imports'];
  readonly providers?: ModuleMetadata['providers'];
  readonly configure?: (app: INestApplication) => void;
}

/** Starts an app with the admin API, which listens on a free port. */
export async function startAdminApp(
  setup: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'>,
  parts: AdminAppParts = {},
): Promise<INestApplication> {
  const { adapter = PLATFORMS['express']!(), options, admin, imports = [], providers = [] } = parts;
  const app = await NestFactory.create(
    {
      module: Root,
      imports: [
        TenancyModule.forRoot(optionsOn({ ...setup, cleanUp: async () => {} }, options)),
        TenancyAdminModule.forRoot({ guard: OperatorGuard, ...admin }),
        ...imports,
      ],
      providers,
    },
    adapter,
    { logger: false, abortOnError: false },
  );
  parts.configure?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

@Module({})
class Root {}

export interface Answer<T = any> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Call {
  /** Undefined: anna's. Null: none. */
  readonly token?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function urlOf(app: INestApplication): string {
  return `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
}

/** One call of the admin API: `call(app, 'GET tenants')`. A path with a slash in front is taken as it is. */
export async function call<T = any>(
  app: INestApplication | string,
  route: string,
  { token = 'token-of-anna', body, headers = {} }: Call = {},
): Promise<Answer<T>> {
  const [method, path = ''] = route.split(/ (.*)/s);
  const base = typeof app === 'string' ? app : urlOf(app);
  const response = await fetch(`${base}${path.startsWith('/') ? path : `/admin/tenancy/${path}`}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = text !== '' && /[/+]json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : text) as T,
  };
}
