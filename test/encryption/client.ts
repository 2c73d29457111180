import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import type { ClientKey } from '../../lib/encryption/index.js';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Opened {
  readonly status: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export type Header = Record<string, unknown>;

/** A client of a tenant, which seals and opens messages as the docs say. */
export class Client {
  private readonly keys: Map<string, Uint8Array>;
  private readonly host: string;

  constructor(
    private readonly port: number,
    private readonly tenant: { readonly id: string; readonly slug: string },
    private readonly own: readonly ClientKey[],
  ) {
    this.host = `${tenant.slug}.localhost`;
    this.keys = new Map(own.map(({ kid, k }) => [kid, Buffer.from(k, 'base64url')]));
  }

  /** The message of a request. @param header what is different of it; undefined leaves out */
  async seal(method: string, target: string, body: unknown, header: Header = {}): Promise<string> {
    const [{ kid }] = this.own as [ClientKey];
    const all: Header = {
      alg: 'dir',
      enc: 'A256GCM',
      kid,
      typ: 'request+jwe',
      cty: 'application/json',
      sub: this.tenant.id,
      iat: Date.now() / 1_000,
      jti: randomUUID(),
      htm: method,
      htu: target,
      ...header,
    };
    const protectedHeader = Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== undefined),
    ) as { alg: string; enc: string };
    const text = body === undefined ? '' : JSON.stringify(body);
    return new CompactEncrypt(new TextEncoder().encode(text))
      .setProtectedHeader(protectedHeader)
      .encrypt(this.keys.get(kid)!);
  }

  /** Sends it as it is. */
  async send(
    method: string,
    target: string,
    body?: string,
    type = 'application/jose',
  ): Promise<Reply> {
    const headers = {
      host: this.host,
      ...(body !== undefined && {
        'content-type': type,
        'content-length': Buffer.byteLength(body),
      }),
    };
    const sent = request({ host: '127.0.0.1', port: this.port, path: target, method, headers });
    sent.end(body);
    const [response] = await once(sent, 'response');
    response.setEncoding('utf8');
    const text = (await response.toArray()).join('');
    return { status: response.statusCode, headers: response.headers, text };
  }

  /** Opens an answer. Throws where it is not what the client asked for. */
  async open({ text, headers }: Reply): Promise<Opened> {
    if (headers['content-type'] !== 'application/jose') throw new Error(`Not sealed: ${text}`);
    const { kid } = decodeProtectedHeader(text);
    const { plaintext, protectedHeader } = await compactDecrypt(text, this.keys.get(String(kid))!);
    const header: Header = { ...protectedHeader };
    if (header['typ'] !== 'response+jwe' || header['sub'] !== this.tenant.id) {
      throw new Error(`Not an answer to this tenant: ${JSON.stringify(header)}`);
    }
    const plain = new TextDecoder().decode(plaintext);
    const isJson = String(header['cty']).includes('json');
    return { status: Number(header['status']), header, body: isJson ? JSON.parse(plain) : plain };
  }

  async post(target: string, body: unknown, header: Header = {}): Promise<Reply> {
    return this.send('POST', target, await this.seal('POST', target, body, header));
  }
}

/** A client with the current key of a tenant of `app`. */
export async function clientOf(
  app: {
    readonly port: number;
    readonly tenancy: {
      run<T>(slug: string, work: () => Promise<T>): Promise<T>;
      require(): Tenant;
    };
    readonly encryption: { clientKey(tenant: Tenant): Promise<ClientKey> };
  },
  slug: string,
): Promise<Client> {
  return app.tenancy.run(slug, async () => {
    const tenant = app.tenancy.require();
    return new Client(app.port, tenant, [await app.encryption.clientKey(tenant)]);
  });
}

type Tenant = import('../../lib/index.js').CurrentTenant;
