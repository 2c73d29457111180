import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';

export const ENCRYPTED_REQUEST = 'nestjs-tenancy:encrypted-request';
export const ENCRYPTED_RESPONSE = 'nestjs-tenancy:encrypted-response';

/** What of a route's messages is encrypted. A request may be, also where it need not. */
export interface MessageTerms {
  readonly request: boolean;
  readonly response: boolean;
}

/** @param asked what goes for a route that says nothing */
export function messageTermsOf(
  context: ExecutionContext,
  reflector: Reflector,
  asked: boolean,
): MessageTerms {
  const targets = [context.getHandler(), context.getClass()];
  const says = (key: string) => reflector.getAllAndOverride<boolean | undefined>(key, targets);
  return { request: says(ENCRYPTED_REQUEST) ?? asked, response: says(ENCRYPTED_RESPONSE) ?? asked };
}
