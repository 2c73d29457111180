import { Logger } from '@nestjs/common';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { TenancyError } from '../../tenancy.error.js';
import { EncryptedStreamError } from '../errors.js';

/** Seals a whole body. */
export type Seal = (
  body: Uint8Array,
  contentType: string | undefined,
  status: number,
) => Promise<string>;

/** Of what a node response offers, all that writes to the client. */
const WRITERS = ['writeHead', 'flushHeaders', 'write', 'end'] as const;

/** Tell of the plain body: how long it is, and whether it is the same as before. */
const TELLTALE = ['content-length', 'content-md5', 'digest', 'etag', 'transfer-encoding'];

/** Statuses whose answers have no body. */
const BODILESS = [204, 304];

const logger = new Logger('Tenancy');

/**
 * Has the body of `response` sealed when it is ended, whoever ends it: a handler, an exception filter, the platform. What
 * is written piece by piece is refused, with nothing of it sent. It works on the response of node, which Express and
 * Fastify share, so that nothing passes by.
 */
export function sealAnswer(response: ServerResponse, seal: Seal): void {
  const originals = Object.fromEntries(WRITERS.map((name) => [name, response[name]]));
  let ended = false;

  const finish = (
    status: number,
    headers: OutgoingHttpHeaders,
    body: string,
    done?: () => void,
  ) => {
    Object.assign(response, originals);
    response.statusCode = status;
    for (const name of TELLTALE) response.removeHeader(name);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value ?? '');
    // One that was removed is not counted by node itself any more.
    if (body !== '') response.setHeader('content-length', Buffer.byteLength(body));
    response.end(body, done);
    // A source that does not know that it was cut off goes on, into nothing.
    Object.assign(response, silent);
  };
  const fail = (error: unknown) => {
    ended = true;
    logger.error(
      'An answer was not sealed, and not sent',
      error instanceof Error ? error.stack : error,
    );
    const status = error instanceof TenancyError ? error.getStatus() : 500;
    const problem =
      error instanceof TenancyError
        ? error.getResponse()
        : { statusCode: status, message: 'Internal server error' };
    finish(status, { 'content-type': 'application/json' }, JSON.stringify(problem));
  };
  const refuseStream = () => {
    if (!ended) fail(new EncryptedStreamError());
    return true;
  };

  Object.assign(response, {
    /** Fastify calls it right before `end`. */
    writeHead(status: number, ...more: readonly unknown[]): ServerResponse {
      response.statusCode = status;
      for (const [name, value] of Object.entries(headersIn(more))) {
        if (value !== undefined) response.setHeader(name, value);
      }
      return response;
    },
    flushHeaders: refuseStream,
    write: refuseStream,
    end(...given: readonly unknown[]): ServerResponse {
      if (ended) return response;
      ended = true;
      const { statusCode: status } = response;
      const done = given.find((one) => typeof one === 'function') as (() => void) | undefined;
      if (response.req.method === 'HEAD' || BODILESS.includes(status)) {
        finish(status, {}, '', done);
        return response;
      }
      seal(bytesOf(given), contentTypeOf(response), status)
        .then((sealed) => finish(status, { 'content-type': 'application/jose' }, sealed, done))
        .catch(fail);
      return response;
    },
  });

  const silent = {
    // Middleware that holds the end back (for a session to be saved) has the head written then.
    writeHead: (...given: readonly unknown[]): unknown =>
      response.headersSent ? response : Reflect.apply(originals['writeHead'], response, given),
    flushHeaders() {},
    write: () => true,
    end: () => response,
  };
}

/** `writeHead(status, [message], [headers])`. */
function headersIn(more: readonly unknown[]): OutgoingHttpHeaders {
  const headers = more.find((one) => typeof one === 'object' && one !== null);
  if (!Array.isArray(headers)) return (headers ?? {}) as OutgoingHttpHeaders;
  return Object.fromEntries(
    headers.flatMap((_, index) => (index % 2 === 0 ? [headers.slice(index, index + 2)] : [])),
  );
}

/** `end([chunk], [encoding], [callback])`. */
function bytesOf([chunk, encoding]: readonly unknown[]): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return new Uint8Array();
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}

function contentTypeOf(response: ServerResponse): string | undefined {
  const type = response.getHeader('content-type');
  return type === undefined ? undefined : String(type);
}
