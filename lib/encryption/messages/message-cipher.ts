import { Injectable } from '@nestjs/common';
import type { CurrentTenant } from '../../context/current-tenant.js';
import { MessageKeyRefusedError, MessageUnreadableError } from '../errors.js';
import type { TenantKey } from '../../options/key-provider.js';
import { TenantKeys } from '../keys/tenant-keys.js';
import { loadJose } from './load-jose.js';

/** What both directions of a message are bound to: its header says it, and the header is authenticated. */
export interface Exchange {
  readonly tenant: CurrentTenant;
  /** As in the request: `POST`. */
  readonly method: string;
  /** Path and query, as they arrived: `/invoices?draft=1`. */
  readonly target: string;
}

/** A request that was opened. Whether it is a replay is not known yet. */
export interface OpenedMessage {
  readonly plaintext: Uint8Array;
  /** The media type of the plaintext, as the client names it; default JSON. */
  readonly contentType: string | undefined;
  /** Of the key, for the answer. */
  readonly key: TenantKey;
  readonly jti: string;
  /** Seconds since 1970. */
  readonly iat: number;
}

export interface Answer {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly status: number;
  /** The request's, where it was encrypted: it says which one this answers. */
  readonly request?: Pick<OpenedMessage, 'key' | 'jti'>;
}

const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;

/** The `typ` of each direction, so that neither is taken for the other. */
export const REQUEST = 'request+jwe';
export const RESPONSE = 'response+jwe';

/** Long enough for 96 random bits in base64url, and a bound for what is remembered. */
const JTI = /^[\w.:-]{16,128}$/;

/** Seals and opens messages: JWE in its compact form, with `dir` and A256GCM under the tenant's key for messages. */
@Injectable()
export class MessageCipher {
  constructor(private readonly keys: TenantKeys) {}

  /** @throws MessageKeyRefusedError, MessageUnreadableError */
  async open(message: string, { tenant, method, target }: Exchange): Promise<OpenedMessage> {
    const { compactDecrypt } = await loadJose();
    const key = await this.keyOf(tenant, await this.keyIdOf(message));
    const { plaintext, protectedHeader } = await compactDecrypt(message, key.key, {
      keyManagementAlgorithms: [ALGORITHMS.alg],
      contentEncryptionAlgorithms: [ALGORITHMS.enc],
    }).catch((error: unknown) => {
      throw new MessageUnreadableError('it does not open with its key', error);
    });
    const { typ, sub, htm, htu, iat, jti, cty }: Readonly<Record<string, unknown>> =
      protectedHeader;
    const bound = typ === REQUEST && sub === tenant.id && htm === method && htu === target;
    if (!bound) throw new MessageUnreadableError('it is for another tenant, route or direction');
    if (typeof iat !== 'number' || typeof jti !== 'string' || !JTI.test(jti)) {
      throw new MessageUnreadableError('it has no usable `iat` and `jti`');
    }
    return { plaintext, contentType: typeof cty === 'string' ? cty : undefined, key, jti, iat };
  }

  /** Under the key of the request, which the client has for sure; else under the current one. */
  async seal(answer: Answer, { tenant, method, target }: Exchange): Promise<string> {
    const { body, contentType, status, request } = answer;
    const { CompactEncrypt } = await loadJose();
    const { id, key } = request?.key ?? (await this.keys.current(tenant, 'messages'));
    const header = {
      ...ALGORITHMS,
      kid: id,
      typ: RESPONSE,
      ...(contentType !== undefined && { cty: contentType }),
      sub: tenant.id,
      iat: Date.now() / 1_000,
      htm: method,
      htu: target,
      status,
      ...(request !== undefined && { rid: request.jti }),
    };
    return new CompactEncrypt(body).setProtectedHeader(header).encrypt(key);
  }

  /** Nothing of the header is authenticated yet: it names a key, and that is all that is taken from it. */
  private async keyIdOf(message: string): Promise<string> {
    const { decodeProtectedHeader } = await loadJose();
    let header: Readonly<Record<string, unknown>>;
    try {
      header = decodeProtectedHeader(message);
    } catch (error) {
      throw new MessageUnreadableError('it is no JWE in its compact form', error);
    }
    const { alg, enc, kid, zip } = header;
    if (alg !== ALGORITHMS.alg || enc !== ALGORITHMS.enc || zip !== undefined) {
      throw new MessageUnreadableError('it is not "dir" with "A256GCM", uncompressed');
    }
    if (typeof kid !== 'string') throw new MessageUnreadableError('it names no key');
    return kid;
  }

  private async keyOf(tenant: CurrentTenant, id: string): Promise<TenantKey> {
    const key = await this.keys.find(tenant, id, 'messages');
    if (key === undefined || (key.retiredAt ?? Infinity) <= Date.now()) {
      throw new MessageKeyRefusedError();
    }
    return key;
  }
}
