import { Observable } from 'rxjs';
import { runInContext, type TenancyContext } from '../context/tenant-context.js';

/**
 * `source`, subscribed to and handed on in `context`. What a message is answered with arrives over a socket that was
 * opened by whoever used it first, maybe another tenant.
 */
export function within<T>(context: TenancyContext, source: Observable<T>): Observable<T> {
  const enter = (work: () => void) => runInContext(context, work);
  return new Observable((subscriber) =>
    runInContext(context, () =>
      source.subscribe({
        next: (value) => enter(() => subscriber.next(value)),
        error: (error) => enter(() => subscriber.error(error)),
        complete: () => enter(() => subscriber.complete()),
      }),
    ),
  );
}
