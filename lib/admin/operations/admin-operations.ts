import {
  HttpException,
  HttpStatus,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { runDetached } from '../../context/tenant-context.js';
import {
  IdempotencyKeyInUseError,
  IdempotencyKeyReusedError,
  OperationNotFoundError,
} from '../errors.js';
import { stackOf } from '../http/admin-exception.filter.js';
import { problemOf, RepeatedProblem, type Problem } from '../http/problem.js';
import type { AdminOperation } from './admin-operation.entity.js';
import { whileHeld } from './held.js';
import { OperationStore, type Hold } from './operation-store.js';

const HOUR = 3_600_000;

/** Something that is to be done once, however often it is asked for. */
export interface OneTime {
  /** The same whenever it is asked for again. */
  readonly id: string;
  readonly action: string;
  /** Of what is asked for: the same id with another one is refused. */
  readonly fingerprint: string;
}

export interface OneTimeWork<T> {
  /** @param announce is told of the tenant that is to be there, before it is */
  begin(announce: (tenantId: string) => Promise<void>): Promise<T>;
  /** After another process has died at it, or it has failed: undefined when nothing of it is there. */
  goOn(tenantId: string): Promise<T | undefined>;
}

/** What is wrong with the wish itself, and would be the next time. */
const FINAL: readonly number[] = [
  HttpStatus.BAD_REQUEST,
  HttpStatus.CONFLICT,
  HttpStatus.GONE,
  HttpStatus.UNPROCESSABLE_ENTITY,
];

/**
 * What is done once for all that ask for it, and what goes on after its request was answered. Which of many processes is
 * at it, and what came of it, is in the central database; one that dies is followed by another.
 */
@Injectable()
export class AdminOperations implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('TenancyAdmin');
  private readonly running = new Set<Promise<void>>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly store: OperationStore) {}

  onModuleInit(): void {
    const tidy = () => {
      this.store
        .tidy(Date.now())
        .catch((error: unknown) =>
          this.logger.error(`Operations that are over could not be deleted: ${String(error)}`),
        );
    };
    this.timer = runDetached('forget operations', () => setInterval(tidy, HOUR).unref());
  }

  /** Waits for what still runs: a migration that is cut off is half-way. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    while (this.running.size > 0) await Promise.all(this.running);
  }

  /** @throws OperationNotFoundError */
  async get(id: string): Promise<AdminOperation> {
    const operation = await this.store.find(id);
    if (operation === null) throw new OperationNotFoundError(id);
    return operation;
  }

  /**
   * Does it, or answers what was answered when it was done.
   * @throws IdempotencyKeyReusedError, IdempotencyKeyInUseError
   */
  async once<T extends { readonly id: string }>(wish: OneTime, work: OneTimeWork<T>): Promise<T> {
    const hold: Hold = { id: wish.id, holder: randomUUID() };
    const known = await this.begun(wish, hold);
    // What is stored is what this answered.
    if (known !== undefined && known.state !== 'running') return answerOf(known) as T;
    return whileHeld(this.store, hold, async () => {
      try {
        const made = await this.carryOut(hold, known?.tenantId ?? null, work);
        const ended = { state: 'succeeded', tenantId: made.id } as const;
        await this.store.end(hold, ended, made, Date.now());
        return made;
      } catch (error) {
        await this.keepFailure(hold, error);
        throw error;
      }
    });
  }

  /** Begins it, and is back before it has ended. What comes of it, {@link get} says. */
  async begin(
    action: string,
    tenantId: string | null,
    work: () => Promise<object>,
  ): Promise<AdminOperation> {
    const hold: Hold = { id: randomUUID(), holder: randomUUID() };
    await this.store.open(hold, { action, tenantId, fingerprint: null }, Date.now());
    const one = runDetached(action, () => this.runToEnd(hold, tenantId, work)).finally(() =>
      this.running.delete(one),
    );
    this.running.add(one);
    return this.get(hold.id);
  }

  /** The row of who was first, when this is not it, or when it is to be gone on with. */
  private async begun(
    { id, action, fingerprint }: OneTime,
    hold: Hold,
  ): Promise<AdminOperation | undefined> {
    for (;;) {
      const now = Date.now();
      if (await this.store.open(hold, { action, fingerprint, tenantId: null }, now))
        return undefined;
      const known = await this.store.find(id);
      // Forgotten just now.
      if (known === null) continue;
      if (known.fingerprint !== fingerprint) throw new IdempotencyKeyReusedError();
      if (known.state !== 'running') return known;
      const left = Number(known.heldUntil) - now;
      if (left > 0) throw new IdempotencyKeyInUseError(left);
      if (await this.store.takeOver(known, hold, now)) return known;
    }
  }

  private async carryOut<T>(hold: Hold, tenantId: string | null, work: OneTimeWork<T>): Promise<T> {
    const goneOn = tenantId === null ? undefined : await work.goOn(tenantId);
    if (goneOn !== undefined) return goneOn;
    return work.begin(async (id) => {
      // Who was silent for too long has been followed by another, and must not begin beside it.
      if (!(await this.store.announce(hold, id))) throw new IdempotencyKeyInUseError(1_000);
    });
  }

  /** Never in place of the failure itself: what cannot be kept is tried again once the hold is over. */
  private async keepFailure(hold: Hold, error: unknown): Promise<void> {
    try {
      if (!isFinal(error)) return await this.store.release(hold);
      const problem = problemOf(error, true);
      await this.store.end(hold, { state: 'failed', tenantId: null }, problem, Date.now());
    } catch (keeping) {
      this.logger.error(`That operation ${hold.id} failed could not be kept: ${String(keeping)}`);
    }
  }

  private async runToEnd(
    hold: Hold,
    tenantId: string | null,
    work: () => Promise<object>,
  ): Promise<void> {
    try {
      await whileHeld(this.store, hold, async () => {
        const [state, answer] = await work().then(
          (result) => ['succeeded', result] as const,
          (error: unknown) => ['failed', this.failed(hold, error)] as const,
        );
        await this.store.end(hold, { state, tenantId }, answer, Date.now());
      });
    } catch (error) {
      this.logger.error(`What came of operation ${hold.id} could not be kept: ${String(error)}`);
    }
  }

  private failed({ id }: Hold, error: unknown): Problem {
    const problem = problemOf(error, true);
    if (problem.status >= HttpStatus.INTERNAL_SERVER_ERROR) {
      const [text, stack] = error instanceof Error ? [error.message, stackOf(error)] : [error];
      this.logger.error(`Operation ${id} failed: ${String(text)}`, stack);
    }
    return problem;
  }
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof HttpException) || !FINAL.includes(error.getStatus())) return false;
  const code = 'code' in error ? error.code : undefined;
  return code !== 'LOCK_TIMEOUT' && code !== 'IDEMPOTENCY_KEY_IN_USE';
}

/** @throws RepeatedProblem where it was one */
export function answerOf({ state, answer }: AdminOperation): unknown {
  const kept: unknown = JSON.parse(answer ?? '{}');
  // Written by `end` above.
  if (state === 'failed') throw new RepeatedProblem(kept as Problem);
  return kept;
}
