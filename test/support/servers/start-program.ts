import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** How a program that serves tells that it does. */
export interface Readiness {
  readonly on: 'stdout' | 'stderr';
  readonly says: string;
}

/**
 * Starts a program, and waits until it is ready.
 * @throws Error with what it has said, when it ends before
 */
export async function startProgram(
  program: string,
  args: readonly string[],
  { on, says }: Readiness,
): Promise<ChildProcess> {
  const stdio = { stdout: 'inherit', stderr: 'inherit', [on]: 'pipe' } as const;
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', stdio.stdout, stdio.stderr],
  });
  await once(child, 'spawn');
  const output = child[on]!;
  let log = '';
  for await (const chunk of output.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += String(chunk);
    if (log.includes(says)) break;
  }
  if (child.exitCode !== null) throw new Error(`${program} ended while it started:\n${log}`);
  output.resume();
  return child;
}
