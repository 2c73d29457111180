/**
 * `target` with some of its properties replaced, each time they are read, by what `read` makes of them; all else is its
 * own. What libraries keep in a server is theirs to read whole, so only what the app is handed is such a view.
 */
export function viewOf<T extends object>(
  target: T,
  read: { readonly [K in keyof T]?: (value: T[K]) => T[K] },
): T {
  return new Proxy(target, {
    get(whole, key) {
      const value: unknown = Reflect.get(whole, key);
      const replace = Object.hasOwn(read, key) ? (Reflect.get(read, key) as unknown) : undefined;
      if (typeof replace === 'function') return Reflect.apply(replace, undefined, [value]);
      // Methods work on the whole, as the library wrote them.
      return typeof value === 'function' ? value.bind(whole) : value;
    },
  });
}
