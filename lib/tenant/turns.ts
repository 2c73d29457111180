/** Lets a bounded number of callers in at once, the others in the order in which they came. */
export class Turns {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.free = atOnce;
  }

  /** @param work has its turn until it ends, or calls `leave` because the rest of it needs none */
  async take<T>(work: (leave: () => void) => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((enter) => this.waiting.push(enter));
    let isIn = true;
    const leave = () => {
      if (isIn) this.goOn();
      isIn = false;
    };
    try {
      return await work(leave);
    } finally {
      leave();
    }
  }

  private goOn(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}
