export type Callback<T> = (error: unknown, result?: T) => void;

/** Hands what a promise comes to, to a callback. In a turn of its own, where what it throws rejects no promise. */
export function answer<T>(promise: Promise<T>, callback: Callback<T> = ignore): void {
  promise.then(
    (result) => process.nextTick(callback, null, result),
    (error: unknown) => process.nextTick(callback, error),
  );
}

/** For callers who do not ask: what they are not told of they have chosen not to hear. */
function ignore(): void {}
