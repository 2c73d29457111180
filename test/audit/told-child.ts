import type { ChildProcess } from 'node:child_process';

/** What such a process says: of one thing that it did, and when it is done. */
export type Word =
  { readonly answered: string } | { readonly done: true; readonly failures: readonly string[] };

/** A process that is told what to do, and tells of each thing that it did. */
export class ToldChild<Order extends object> {
  /** What it did, by its own account. */
  readonly answered = new Set<string>();

  constructor(readonly child: ChildProcess) {
    child.on('message', (word: Word) => {
      if ('answered' in word) this.answered.add(word.answered);
    });
  }

  /** @returns what went wrong */
  async order(order: Order): Promise<readonly string[]> {
    const answer = new Promise<readonly string[]>((resolve, reject) => {
      const hear = (word: Word) => {
        if (!('done' in word)) return;
        this.child.off('message', hear);
        resolve(word.failures);
      };
      this.child.on('message', hear);
      this.child.once('exit', () => reject(new Error('The child ended.')));
    });
    this.child.send(order);
    return answer;
  }

  async hasAnswers(amount: number): Promise<void> {
    while (this.answered.size < amount)
      await new Promise((resolve) => this.child.once('message', resolve));
  }
}
