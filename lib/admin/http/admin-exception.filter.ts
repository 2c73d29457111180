import { Catch, HttpStatus, Injectable, Logger, type ArgumentsHost } from '@nestjs/common';
import type { ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TenancyError } from '../../tenancy.error.js';
import { isOperator } from './operators.js';
import { problemOf } from './problem.js';

/** Answers whatever a route of the admin API throws as `application/problem+json`, and logs what is from 500 on. */
@Catch()
@Injectable()
export class AdminExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('TenancyAdmin');

  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const response = host.switchToHttp().getResponse<object>();
    const problem = problemOf(error, isOperator(host.switchToHttp().getRequest<object>()));
    if (problem.status >= HttpStatus.INTERNAL_SERVER_ERROR) this.log(error);
    // A stream that breaks off cannot say so any more; whoever reads it sees that it did.
    if (httpAdapter.isHeadersSent(response)) return httpAdapter.end(response);
    if (error instanceof TenancyError && error.retryAfter !== undefined) {
      httpAdapter.setHeader(response, 'Retry-After', String(error.retryAfter));
    }
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json');
    // As text: the platforms would each choose a type for an object.
    httpAdapter.reply(response, JSON.stringify(problem), problem.status);
  }

  private log(error: unknown): void {
    if (error instanceof TenancyError && error.logged) return;
    if (error instanceof Error) this.logger.error(error.message, stackOf(error));
    else this.logger.error(error);
  }
}

/** With the stacks of its causes. */
export function stackOf(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\nCaused by: ${stackOf(error.cause)}` : stack;
}
