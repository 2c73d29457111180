import { setImmediate as turn } from 'node:timers/promises';

const PATIENCE = 10_000;

/** Waits for what comes by itself, such as the news that a server has gone: looks again in every turn of the event loop. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${PATIENCE} ms: ${what}`);
    await turn();
  }
}
