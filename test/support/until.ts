import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds: short enough to lose no time, long enough to leave some to what is waited for. */
const BETWEEN = 5;

/** Ends when `holds` does. What it waits for must happen by itself; `deadline` is only for when it does not. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  deadline = 20_000,
): Promise<void> {
  const end = Date.now() + deadline;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${String(holds)} did not hold within ${deadline} ms.`);
    await delay(BETWEEN);
  }
}
