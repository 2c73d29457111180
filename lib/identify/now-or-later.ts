/** A value that is there, or the promise of one. */
export type NowOrLater<T> = T | PromiseLike<T>;

/**
 * Goes on with `value` at once when it is there, else when its promise is kept. `await` would allocate a promise and
 * wait a turn also for what is there, on every request.
 */
export function whenKnown<T, R>(
  value: NowOrLater<T>,
  goOn: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return isLater(value) ? Promise.resolve(value).then(goOn) : goOn(value);
}

/** Whether `value` is the promise of one. */
export function isLater<T>(value: NowOrLater<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
