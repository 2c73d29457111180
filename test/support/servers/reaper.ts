import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Kills the process last named on its input, then deletes the folder $1. Twice if need be: a process takes a moment to die. */
const KILL_AND_DELETE = `
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then kill -9 "$pid"; fi
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`;

const REMOVE_CONTAINER = `
cat
docker rm --force --volumes "$1"
`;

/**
 * A small process beside this one that cleans up when its input ends: on request, or because this process is no more.
 * Handlers of `exit` and signals would not do: they do not run after SIGKILL, nor inside a jest environment.
 */
export class Reaper {
  readonly #process: ChildProcess;
  readonly #input: Writable;

  static ofFolder(folder: string): Reaper {
    return new Reaper(KILL_AND_DELETE, folder);
  }

  static ofContainer(name: string): Reaper {
    return new Reaper(REMOVE_CONTAINER, name);
  }

  private constructor(script: string, subject: string) {
    const child = spawn('sh', ['-c', script, 'reaper', subject], {
      // A group of its own: Ctrl-C goes to the whole group of a terminal's foreground.
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.#process = child;
    this.#input = child.stdin;
  }

  /** Names the process to be killed in the end; `undefined` when there is none any more. */
  watch(pid: number | undefined): void {
    this.#input.write(`${pid ?? ''}\n`);
  }

  /** Has it clean up now, and waits for it. */
  async finish(): Promise<void> {
    if (this.#process.exitCode === null) {
      const exit = once(this.#process, 'exit');
      this.#input.end();
      await exit;
    }
    if (this.#process.exitCode !== 0) {
      throw new Error(`Cleaning up failed: ${this.#process.spawnargs.at(-1)} is still there.`);
    }
  }
}
