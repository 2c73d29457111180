import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const LARGEST_OUTPUT = 64 * 1024 * 1024;

/** Runs a program to its end. What it wrote to its error output is in the error's message when it fails. */
export function runTool(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return promisify(execFile)(command, args, {
    env: { ...process.env, ...environment },
    maxBuffer: LARGEST_OUTPUT,
  });
}
