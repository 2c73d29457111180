import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A process of the bench that answers each message with one message, in order. */
export class Child {
  private constructor(private readonly process: ChildProcess) {}

  /** @param node the node binary; default the one that runs this */
  static fork(file: string, args: readonly string[], node = process.execPath): Child {
    const child = fork(file, args, { execPath: node, serialization: 'advanced', stdio: 'inherit' });
    return new Child(child);
  }

  /** Its next message. */
  async answer<T>(): Promise<T> {
    const ended = new AbortController();
    const gone = once(this.process, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`${this.process.spawnargs[1]} ended with exit code ${code} before answering`);
    });
    try {
      const [message] = await Promise.race([
        once(this.process, 'message', { signal: ended.signal }),
        gone,
      ]);
      return message as T;
    } finally {
      gone.catch(() => undefined);
      ended.abort();
    }
  }

  ask<T>(question: object): Promise<T> {
    const answer = this.answer<T>();
    this.process.send(question);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.disconnect();
    await exit;
  }
}
