/** One work for a key at a time: whoever wants the same meanwhile is given its outcome. */
export class SingleFlight {
  private readonly flights = new Map<string, Promise<unknown>>();

  /**
   * What `work` gives, or what the same work of another gives that runs already. When that is given up because nobody
   * waited for its outcome over there, the work is done here.
   */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    for (;;) {
      const running = this.flights.get(key) as Promise<T> | undefined;
      if (running === undefined) return this.start(key, work);
      try {
        return await running;
      } catch (error) {
        if (!isGivenUp(error)) throw error;
      }
    }
  }

  private start<T>(key: string, work: () => Promise<T>): Promise<T> {
    const flight = work().finally(() => this.flights.delete(key));
    this.flights.set(key, flight);
    return flight;
  }
}

/** By a client that went away, or by its own signal. */
function isGivenUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || ('code' in error && error.code === 'LEASE_ABORTED');
}
