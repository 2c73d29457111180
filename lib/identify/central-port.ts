const CENTRAL_PORT = Symbol.for('nestjs-tenancy:central-port');

/** On the request itself, as in `request-tenancy.ts`. */
interface MarkedRequest {
  [CENTRAL_PORT]?: true;
}

/**
 * From now on the request is of no tenant, whatever its host, path and headers say: it came by a port that leads to the
 * central side alone.
 * @param request as node makes it
 */
export function markAsByCentralPort(request: object): void {
  (request as MarkedRequest)[CENTRAL_PORT] = true;
}

/** @param request as a middleware or a guard gets it; Fastify's holds node's in `raw` */
export function cameByCentralPort(request: object): boolean {
  const { [CENTRAL_PORT]: marked, raw } = request as MarkedRequest & {
    readonly raw?: MarkedRequest;
  };
  return marked === true || raw?.[CENTRAL_PORT] === true;
}
