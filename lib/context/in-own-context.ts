import { Observable, type MonoTypeOperatorFunction } from 'rxjs';
import { currentContext, runInContext } from './tenant-context.js';

/**
 * An RxJS operator: what comes after it runs in the context in which the observable was subscribed to. For what several
 * tenants subscribe to, such as a `Subject`: without it, what comes after a shared source runs as whoever emitted.
 *
 * ```ts
 * @Sse('news')
 * news() {
 *   return this.news.pipe(inOwnContext(), filter(({ tenantId }) => tenantId === this.tenancy.require().id));
 * }
 * ```
 */
export function inOwnContext<T>(): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const context = currentContext();
      const enter = (work: () => void) =>
        context === undefined ? work() : runInContext(context, work);
      return source.subscribe({
        next: (value) => enter(() => subscriber.next(value)),
        error: (error) => enter(() => subscriber.error(error)),
        complete: () => enter(() => subscriber.complete()),
      });
    });
}
