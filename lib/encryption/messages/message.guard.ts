import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { currentTenant, requireTenant } from '../../context/tenant-context.js';
import {
  EncryptedTransportError,
  MessageNotEncryptedError,
  MessageUnreadableError,
} from '../errors.js';
import { encryptionSettingsOf } from '../keys/encryption-settings.js';
import { MessageCipher, type Exchange, type OpenedMessage } from './message-cipher.js';
import { messageTermsOf } from './message-terms.js';
import { ReplayWindow } from './replay-window.js';
import { sealAnswer } from './sealed-answer.js';

/** What Express's and Fastify's requests have in common. */
interface Request {
  readonly method: string;
  readonly url: string;
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  body?: unknown;
}

/** The media type of JWE in its compact form (RFC 7515, section 9.2.1). */
export const JOSE = 'application/jose';

/**
 * A controller, its route and its tenant may all ask for it, by guards that are made in different modules: what is for one
 * request is done by the first.
 */
const done = new WeakSet<ExecutionContext>();

/** Opens the request and has the answer sealed, as the route's decorators and the tenant's settings say. */
@Injectable()
export class MessageGuard implements CanActivate {
  constructor(
    private readonly cipher: MessageCipher,
    private readonly replays: ReplayWindow,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (done.has(context)) return true;
    done.add(context);
    const tenant = currentTenant();
    const asked = tenant !== undefined && encryptionSettingsOf(tenant).messages === 'required';
    const terms = messageTermsOf(context, this.reflector, asked);
    if (!terms.request && !terms.response) return true;
    const type = context.getType<string>();
    if (type !== 'http') throw new EncryptedTransportError(type);
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const exchange = {
      tenant: requireTenant('An encrypted message'),
      method: request.method,
      target: request.originalUrl ?? request.url,
    };
    const opened = await this.openRequest(request, exchange, terms.request);
    if (terms.response) {
      const response = http.getResponse<ServerResponse & { readonly raw?: ServerResponse }>();
      sealAnswer(response.raw ?? response, (body, contentType, status) =>
        this.cipher.seal({ body, contentType, status, request: opened }, exchange),
      );
    }
    return true;
  }

  private async openRequest(
    request: Request,
    exchange: Exchange,
    required: boolean,
  ): Promise<OpenedMessage | undefined> {
    if (!isJose(request)) {
      if (required && !hasNothingToEncrypt(request)) throw new MessageNotEncryptedError();
      return undefined;
    }
    if (typeof request.body !== 'string') throw new MessageUnreadableError('it has no body');
    const opened = await this.cipher.open(request.body, exchange);
    const body = contentOf(opened);
    await this.replays.accept(exchange.tenant.id, opened);
    request.body = body;
    return opened;
  }
}

/** The same for the routes that say nothing, of tenants whose settings ask for it. Global. */
@Injectable()
export class TenantMessageGuard implements CanActivate {
  constructor(private readonly guard: MessageGuard) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const tenant = currentTenant();
    if (tenant === undefined || encryptionSettingsOf(tenant).messages === undefined) return true;
    return this.guard.canActivate(context);
  }
}

function isJose({ headers }: Request): boolean {
  const [type] = String(headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase() === JOSE;
}

function hasNothingToEncrypt({ method, headers }: Request): boolean {
  const empty = (headers['content-length'] ?? '0') === '0' && !headers['transfer-encoding'];
  return empty && (method === 'GET' || method === 'HEAD');
}

/** Nothing for an empty message, as for an empty body. */
function contentOf({ plaintext, contentType = 'application/json' }: OpenedMessage): unknown {
  if (plaintext.length === 0) return undefined;
  const [type] = contentType.split(';');
  // RFC 7516 says that `application/` is left out where it can be.
  if (!['application/json', 'json'].includes(type.trim().toLowerCase())) {
    throw new MessageUnreadableError('its `cty` is not application/json');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
  } catch {
    // Without the cause, which quotes the text.
    throw new MessageUnreadableError('what is in it is not JSON');
  }
}
