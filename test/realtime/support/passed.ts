import {
  Injectable,
  type CallHandler,
  type CanActivate,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { currentContext, currentTenant } from '../../../lib/context/tenant-context.js';

/** Whose the running code is. */
export const here = () => currentTenant()?.slug ?? `no tenant: ${currentContext()?.centralReason}`;

/** Where each part of a message's way was run, as `part:tenant`. */
export const passed: string[] = [];
export const pass = (part: string) => passed.push(`${part}:${here()}`);

@Injectable()
export class Guard implements CanActivate {
  canActivate() {
    pass('guard');
    return true;
  }
}

@Injectable()
export class Interceptor implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    pass('interceptor');
    return next.handle();
  }
}
