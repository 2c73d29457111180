import type { RedisConnections } from '../../redis/redis-connections.js';
import {
  MARK,
  type Counter,
  type Level,
  type Mark,
  type QuotaStore,
  type Reserved,
  type Take,
  type Taken,
} from './quota-store.js';
import { COMMIT, GIVE_BACK, READ, RELEASE, RESERVE, SET, SET_MARK, TAKE } from './redis-scripts.js';

/** Counts in Redis: one script, one round trip for each call. All keys end by themselves, some time after their period. */
export class RedisStore implements QuotaStore {
  constructor(private readonly redis: RedisConnections) {}

  take(takes: readonly Take[], now: number): Promise<Taken> {
    const keys: string[] = [];
    const args = [String(now)];
    for (const { counter, amount, limit } of takes) {
      keys.push(...this.keysOf(counter));
      args.push(String(amount), textOf(limit), textOf(counter.expiresAt));
    }
    return this.redis.evaluate(TAKE, keys, args).then((answer) => {
      const [place, ...taken] = numbersIn(answer);
      return place === 0 ? { taken } : { taken, refused: place - 1 };
    });
  }

  async reserve(take: Take, id: string, until: number, now: number): Promise<Reserved> {
    const { counter, amount, limit } = take;
    const [refused, taken] = await this.numbers(RESERVE, this.keysOf(counter), [
      String(now),
      String(amount),
      textOf(limit),
      textOf(counter.expiresAt),
      id,
      String(until),
    ]);
    return { taken, refused: refused === 1 };
  }

  async commit(take: Take, id: string, now: number): Promise<Reserved | undefined> {
    const { counter, amount, limit } = take;
    const given = [String(now), String(amount), textOf(limit), id];
    const [outcome, taken] = await this.numbers(COMMIT, this.keysOf(counter), given);
    return outcome === 2 ? undefined : { taken, refused: outcome === 1 };
  }

  async release(counter: Counter, id: string): Promise<void> {
    await this.redis.evaluate(RELEASE, this.keysOf(counter), [id]);
  }

  async giveBack(counter: Counter, amount: number): Promise<number> {
    return this.change(GIVE_BACK, counter, amount);
  }

  async set(counter: Counter, amount: number): Promise<number> {
    return this.change(SET, counter, amount);
  }

  async read(counters: readonly Counter[], now: number): Promise<readonly Level[]> {
    if (counters.length === 0) return [];
    const keys = counters.flatMap((counter) => this.keysOf(counter));
    const found = await this.numbers(READ, keys, [String(now)]);
    return counters.map((_, index) => {
      const [taken, reserved, known] = found.slice(3 * index);
      return { taken, reserved, known: known === 1 };
    });
  }

  async mark(counter: Counter, mark: Mark): Promise<boolean> {
    return (await this.change(SET_MARK, counter, mark)) === 1;
  }

  async unmark(counter: Counter, keep: number): Promise<void> {
    const gone = Object.values(MARK).filter((mark) => (mark & keep) === 0);
    const [hash] = this.keysOf(counter);
    await this.redis.command('HDEL', hash, ...gone.map((mark) => `m:${mark}`));
  }

  /** Redis does. */
  async tidy(): Promise<void> {}

  private async change(script: string, counter: Counter, amount: number): Promise<number> {
    const given = [String(amount), textOf(counter.expiresAt)];
    return Number(await this.redis.evaluate(script, this.keysOf(counter), given));
  }

  private async numbers(
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<readonly number[]> {
    return numbersIn(await this.redis.evaluate(script, keys, args));
  }

  private keysOf({ tenantId, key, period }: Counter): [hash: string, line: string] {
    const hash = this.redis.key(`quota:${tenantId}:${key}:${period}`);
    return [hash, `${hash}:reservations`];
  }
}

function numbersIn(answer: unknown): readonly number[] {
  if (!Array.isArray(answer)) throw new TypeError('Redis did not answer with a list');
  return answer.map(Number);
}

/** Empty where there is none. */
function textOf(value: number | null): string {
  return value === null ? '' : String(value);
}
