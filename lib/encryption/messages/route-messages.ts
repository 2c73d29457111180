import { SetMetadata, UseGuards, applyDecorators } from '@nestjs/common';
import { MessageGuard } from './message.guard.js';
import { ENCRYPTED_REQUEST, ENCRYPTED_RESPONSE } from './message-terms.js';

/**
 * The route, or every route of the controller, takes encrypted requests only: JWE, `Content-Type: application/jose`. Others
 * are refused with 415 `MESSAGE_NOT_ENCRYPTED`; GET and HEAD without a body have nothing to encrypt. The handler gets the
 * plain body.
 */
export function EncryptedRequest(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(ENCRYPTED_REQUEST, true), UseGuards(MessageGuard));
}

/**
 * The route, or every route of the controller, answers with JWE, errors of the handler included. An encrypted request is
 * understood, and none is asked for: see {@link EncryptedRequest}.
 */
export function EncryptedResponse(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(ENCRYPTED_RESPONSE, true), UseGuards(MessageGuard));
}

/** The route, or every route of the controller, is plain, whatever its controller or its tenant's settings ask for. */
export function PlainMessages(): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(ENCRYPTED_REQUEST, false),
    SetMetadata(ENCRYPTED_RESPONSE, false),
  );
}
