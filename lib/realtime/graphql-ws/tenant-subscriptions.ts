import type { INestApplicationContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { currentContext, type TenancyContext } from '../../context/tenant-context.js';
import { rememberTenancy } from '../../identify/request-tenancy.js';
import type { RouteMode } from '../../options/identifier.js';
import { SocketAdmission, type TenantSocketOptions } from '../socket-admission.js';
import type { SocketTenancy } from '../socket-tenancy.js';
import { dismiss, makeTenants } from '../ws/tenant-client.js';

/** What graphql-ws gives of a connection, on ws. */
export interface GraphqlConnection {
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
  readonly extra: { readonly socket: WebSocket; readonly request: IncomingMessage };
}

/** As the types of `@nestjs/graphql` have it, whose connections are on ws. */
interface Connection extends Pick<GraphqlConnection, 'connectionParams'> {
  readonly extra: unknown;
}

type Answer = Record<string, unknown> | boolean | void;

export interface TenantSubscriptionsOptions extends TenantSocketOptions {
  /**
   * Which connections are let in. Default: `http.defaultRouteMode`. With `universal`, those without a tenant are, too,
   * and each resolver's own mode decides.
   */
  readonly mode?: RouteMode;
  /** As of graphql-ws; called in the tenant's context, for those that are let in. */
  readonly onConnect?: (connection: GraphqlConnection) => Answer | Promise<Answer>;
}

/**
 * The options `graphql-ws` of `@nestjs/graphql`, for subscriptions in their tenant:
 *
 * ```ts
 * GraphQLModule.forRootAsync<ApolloDriverConfig>({
 *   driver: ApolloDriver,
 *   inject: [ModuleRef],
 *   useFactory: (app: ModuleRef) => ({
 *     autoSchemaFile: true,
 *     subscriptions: { 'graphql-ws': tenantSubscriptions(app) },
 *   }),
 * });
 * ```
 *
 * The tenant is found in the upgrade request and `connectionParams` by the app's identifiers. A connection that a request
 * would be refused for is closed with 4000 and the status (4404, 4403, 4401), and the code as the reason; so it is when its
 * tenant is not served any more.
 */
export function tenantSubscriptions(
  app: Pick<INestApplicationContext, 'get'>,
  options: TenantSubscriptionsOptions = {},
): { onConnect(connection: Connection): Promise<Answer> } {
  let admission: SocketAdmission | undefined;
  return {
    async onConnect(given) {
      const connection = given as GraphqlConnection;
      // Not before: the app is being put together when this is called.
      admission ??= new SocketAdmission(app, options);
      const { request, socket } = connection.extra;
      const { mode = admission.defaultMode, onConnect } = options;
      try {
        const tenancy = await admission.admit(request, mode, connection.connectionParams);
        letIn(admission, tenancy, connection);
        return await tenancy.run(() => onConnect?.(connection));
      } catch (error) {
        dismiss(socket, admission.refusalOf(error));
        return false;
      }
    },
  };
}

function letIn(
  admission: SocketAdmission,
  tenancy: SocketTenancy,
  connection: GraphqlConnection,
): void {
  const { request, socket } = connection.extra;
  // Nobody would take it off the list again.
  if (socket.readyState !== socket.OPEN) return;
  const close = (reason: unknown) => dismiss(socket, admission.refusalOf(reason));
  makeTenants(socket, tenancy, close);
  // For the guard, which verifies the modes of resolvers: `req` of GraphQL's context is one or the other.
  const context = tenancy.run(() => currentContext()) as TenancyContext;
  for (const one of [connection, request])
    rememberTenancy(one, { outcome: tenancy.outcome, context });
  const open = { tenancy, close };
  admission.open.add(open);
  socket.once('close', () => admission.open.delete(open));
}
