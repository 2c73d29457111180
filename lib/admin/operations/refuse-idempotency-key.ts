import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { AdminRequest } from '../admin-options.js';
import { IdempotencyKeyRefusedError } from '../errors.js';
import { IDEMPOTENCY_KEY } from './idempotency-key.js';

/** Refuses what is sent with an idempotency key: who sends one counts on being able to ask again. */
@Injectable()
export class RefuseIdempotencyKey implements NestInterceptor {
  /** @throws IdempotencyKeyRefusedError */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { headers } = context.switchToHttp().getRequest<AdminRequest>();
    if (headers[IDEMPOTENCY_KEY.toLowerCase()] !== undefined) {
      throw new IdempotencyKeyRefusedError();
    }
    return next.handle();
  }
}
