import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** Code of one tenant sent something to a socket of another. */
export class SocketOfOtherTenantError extends TenancyError {
  constructor(current: string, owner: string) {
    super({
      code: 'SOCKET_OF_OTHER_TENANT',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `Code of tenant "${current}" sent to a socket of ${owner}. Keep sockets by tenant and key, not by a key that ` +
        'two tenants may have; better, send to a room: server.to(room) reaches the sockets of the running tenant only.',
    });
  }
}

/** Gateways that share the sockets of a namespace disagree about who may connect. */
export class GatewayModesDifferError extends TenancyError {
  constructor(namespace: string, gateways: readonly string[]) {
    super({
      code: 'GATEWAY_MODES_DIFFER',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The gateways ${gateways.join(', ')} share the sockets of ${namespace}, but not their mode. Mark all of them ` +
        '@TenantRoute(), @CentralRoute() or @UniversalRoute(), or give one a namespace or path of its own.',
    });
  }
}

/** The app switched on an option of socket.io that cannot be kept apart by tenant. */
export class StateRecoveryRefusedError extends TenancyError {
  constructor() {
    super({
      code: 'STATE_RECOVERY_REFUSED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'connectionStateRecovery is refused: socket.io gives a socket its rooms and the packets that it missed before ' +
        'anything can find out whose it is by now. Join the rooms again in handleConnection.',
    });
  }
}
