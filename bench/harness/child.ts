import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A process of the bench that answers each message with one message, in order. */
export class Child {
  private constructor(private readonly process: ChildProcess) {}

  /** @param node the node binary; default the one that runs this */
  static fork(file: string, node = process.execPath): Child {
    return new Child(fork(file, { execPath: node, serialization: 'advanced' }));
  }

  /** Sends `question` and gives the child's next message. */
  async ask<T>(question: object): Promise<T> {
    const ended = new AbortController();
    const gone = once(this.process, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`${this.process.spawnargs[1]} ended with exit code ${code} before answering`);
    });
    this.process.send(question);
    try {
      const [message] = await Promise.race([
        once(this.process, 'message', { signal: ended.signal }),
        gone,
      ]);
      return message as T;
    } finally {
      ended.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.disconnect();
    await exit;
  }
}
