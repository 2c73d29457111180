import type { WebSocket } from 'ws';
import type { Refusal } from '../socket-admission.js';
import type { SocketTenancy } from '../socket-tenancy.js';

/** How long a client that is told to go may take, in milliseconds, before its socket is cut. */
const PARTING = 500;

/**
 * Makes a socket its tenant's: what listens to it runs in the tenant's context, and code of another tenant cannot send
 * to it.
 * @param refused is called instead of a listener when the tenant is not served any more
 */
export function makeTenants(
  client: WebSocket,
  tenancy: SocketTenancy,
  refused: (reason: unknown) => void,
): void {
  const emit: (event: string | symbol, ...args: unknown[]) => boolean = client.emit.bind(client);
  client.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event !== 'message') return tenancy.run(() => emit(event, ...args));
    tenancy.serve(() => void emit(event, ...args), refused);
    return true;
  };
  const send: (...args: Parameters<WebSocket['send']>) => void = client.send.bind(client);
  client.send = (...args: unknown[]) => {
    tenancy.refuseOthers();
    send(...(args as Parameters<WebSocket['send']>));
  };
}

/** Closes a socket with what its tenant is refused for. */
export function dismiss(client: WebSocket, { status, code }: Refusal): void {
  client.close(status < 500 ? 4000 + status : 1013, code);
  setTimeout(() => client.terminate(), PARTING).unref();
}
