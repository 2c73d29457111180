import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

const LARGEST_OUTPUT = 64 * 1024 * 1024;

/** Runs a program to its end. The end of what it wrote is in the error's message when it fails. */
export async function runTool(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Output> {
  try {
    return await promisify(execFile)(command, args, {
      env: { ...process.env, ...environment },
      maxBuffer: LARGEST_OUTPUT,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as Partial<Output>;
    const reason = (stdout + stderr).slice(-2000) || String(error);
    throw new Error(`${command} failed:\n${reason}`, { cause: error });
  }
}
