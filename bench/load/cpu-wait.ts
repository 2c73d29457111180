import { existsSync, readFileSync } from 'node:fs';

const SCHEDSTAT = '/proc/self/schedstat';

/**
 * Seconds since the start of this process in which its main thread wanted to run and had no CPU: what a busy machine
 * adds to latencies. Undefined where the system does not tell (only Linux does).
 */
export function cpuWait(): number | undefined {
  if (!existsSync(SCHEDSTAT)) return undefined;
  // Nanoseconds on a CPU, nanoseconds waiting for one, turns.
  const [, waiting] = readFileSync(SCHEDSTAT, 'utf8').split(' ');
  return Number(waiting) / 1e9;
}
