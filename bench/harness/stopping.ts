/** A process or a connection that must not outlive its command. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Runs `work`, then stops all that it kept, last first, whatever happened. */
export async function stoppingAfter<T>(
  work: (keep: <S extends Stoppable>(started: S) => S) => Promise<T>,
): Promise<T> {
  const kept: Stoppable[] = [];
  try {
    return await work((started) => {
      kept.unshift(started);
      return started;
    });
  } finally {
    for (const one of kept) await one.stop();
  }
}
