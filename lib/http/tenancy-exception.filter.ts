import { Catch, HttpException, HttpStatus, Logger, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { throwError, type Observable } from 'rxjs';
import { TenancyError } from '../tenancy.error.js';

/** Answers a {@link TenancyError} as NestJS does, with `Retry-After` where it has one, and logs those from 500 on. */
@Catch(TenancyError)
export class TenancyExceptionFilter extends BaseExceptionFilter<TenancyError> {
  private readonly logger = new Logger(TenancyExceptionFilter.name);

  override catch(error: TenancyError, host: ArgumentsHost): void | Observable<never> {
    const type = host.getType<string>();
    // Sockets have no response here; their own handling takes what is thrown.
    if (type !== 'http' && type !== 'rpc' && type !== 'graphql') throw error;
    if (error.getStatus() >= HttpStatus.INTERNAL_SERVER_ERROR && !error.logged) {
      this.logger.error(error.message, stackOf(error));
    }
    // What is thrown here is never sent to whoever waits for the answer to a message.
    if (type === 'rpc') return throwError(() => error.getResponse());
    if (type === 'graphql') throw toldByGraphql(error);
    if (error.retryAfter !== undefined) {
      setHeader(host.switchToHttp().getResponse(), 'Retry-After', String(error.retryAfter));
    }
    super.catch(error, host);
  }
}

/** What GraphQL sends of an error is its message, and its extensions: here those that a client may know. */
function toldByGraphql(error: TenancyError): HttpException {
  const { code, retryAfter } = error;
  const told = new HttpException(error.getResponse(), error.getStatus(), { cause: error });
  const extensions = { code, ...(retryAfter !== undefined && { retryAfter }) };
  return Object.assign(told, { code, extensions });
}

/** On the response of node itself, which Express extends and Fastify keeps in `raw`: an error in a middleware has that. */
function setHeader(
  response: ServerResponse & { readonly raw?: ServerResponse },
  name: string,
  value: string,
): void {
  const { raw = response } = response;
  if (!raw.headersSent) raw.setHeader(name, value);
}

/** The stack with those of its causes, where the reason of a 503 is. */
function stackOf(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\nCaused by: ${stackOf(error.cause)}` : stack;
}
