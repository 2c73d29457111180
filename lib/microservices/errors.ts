import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** A message without a tenant arrived at a handler that works for one. */
export class MessageTenantMissingError extends TenancyError {
  constructor(pattern: string) {
    super({
      code: 'MESSAGE_TENANT_MISSING',
      status: HttpStatus.BAD_REQUEST,
      message:
        `A message "${pattern}" without a tenant was refused. Send it from a tenant's context, by a client that ` +
        'TenancyMicroservicesModule has bound; or mark its handler @CentralRoute() or @UniversalRoute().',
    });
  }
}

/** The app takes messages, and has not said why it may believe the tenant that stands in them. */
export class MessagesNotTrustedError extends TenancyError {
  constructor() {
    super({
      code: 'MESSAGES_NOT_TRUSTED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'Whoever reaches the port or the broker can name any tenant in a message. Say so in ' +
        'TenancyMicroservicesModule.forRoot: `authorize` decides for each message, or `trusted: true` when none but ' +
        'services of your own reach it.',
    });
  }
}

/** Handlers of one pattern disagree about who may call them. */
export class MessageModesDifferError extends TenancyError {
  constructor(pattern: string, handlers: readonly string[]) {
    super({
      code: 'MESSAGE_MODES_DIFFER',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The handlers ${handlers.join(', ')} take the same messages, "${pattern}", but differ in their mode. Mark all ` +
        'of them @TenantRoute(), @CentralRoute() or @UniversalRoute(), or give one a pattern of its own.',
    });
  }
}

/** A transport whose messages would arrive without their tenant. */
export class TransportUnsupportedError extends TenancyError {
  constructor(transport: string, remedy: string) {
    super({
      code: 'TRANSPORT_UNSUPPORTED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The tenant travels by TCP, Redis and NATS, not by ${transport}. ${remedy}`,
    });
  }
}
