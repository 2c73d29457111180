import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { runDetached } from '../context/tenant-context.js';
import { RedisConnections } from './redis-connections.js';

/** What is sent: anything that JSON can hold, without secrets. */
export type SignalMessage = unknown;

/** Who listens to a topic. */
export interface SignalListener {
  /** A message of this topic, from this process or another. What came from another is as JSON left it. */
  receive(message: SignalMessage): void;
  /** Messages of other processes may have been lost: whatever they could have said must be taken as said. */
  missed(): void;
}

/** On the one channel that all processes of an app share. */
type Envelope = { readonly from: string } & (
  { readonly topic: string; readonly message: SignalMessage } | { readonly missed: true }
);

/** Milliseconds between two attempts to tell the others that they have missed something. */
const RETRY = 1_000;

/**
 * What the processes of an app tell each other, by Redis publish/subscribe: an invalidation, say. Without Redis the one
 * process tells itself. Redis keeps nothing for who does not listen, so a message can be lost, but not unnoticed: who
 * was cut off from Redis, listening or speaking, has {@link SignalListener.missed} called when it is back.
 */
@Injectable()
export class Signals implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private readonly self = randomUUID();
  private readonly listeners = new Map<string, Set<SignalListener>>();
  /** Runs while something was published that the others did not hear. */
  private apology?: NodeJS.Timeout;
  private closed = false;

  constructor(private readonly redis: RedisConnections) {}

  onModuleInit(): void {
    if (!this.redis.configured) return;
    this.redis.subscribe(
      this.channel,
      (text) => this.hear(text),
      () => this.tellMissed(),
    );
  }

  /**
   * Tells `message` to who listens to `topic`: in this process before it returns, in the others within milliseconds.
   * Never rejects for Redis: what the others do not hear now, they are told of as missed as soon as they can hear.
   * @returns when Redis has taken it, or cannot
   */
  async publish(topic: string, message: SignalMessage): Promise<void> {
    this.deliver(topic, message);
    if (this.redis.configured) await this.send({ from: this.self, topic, message });
  }

  /** Listens to `topic`. A listener that throws is logged, and keeps nobody else from hearing. Call the result to end it. */
  on(topic: string, listener: SignalListener): () => void {
    const listeners = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  onApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.apology);
  }

  private get channel(): string {
    return this.redis.key('signals');
  }

  private async send(envelope: Envelope): Promise<void> {
    try {
      await this.redis.command('PUBLISH', this.channel, JSON.stringify(envelope));
    } catch (error) {
      // A connection that is down has told the log.
      this.logger.debug(`A signal was not heard by other processes: ${String(error)}`);
      if (!this.closed) this.apology ??= setTimeout(() => this.apologise(), RETRY).unref();
    }
  }

  private apologise(): void {
    this.apology = undefined;
    void this.send({ from: this.self, missed: true });
  }

  private hear(text: string): void {
    const envelope = this.read(text);
    if (envelope?.from === this.self) return;
    if (envelope === undefined || 'missed' in envelope) this.tellMissed();
    else this.deliver(envelope.topic, envelope.message);
  }

  private read(text: string): Envelope | undefined {
    const envelope = parsed(text);
    if (isEnvelope(envelope)) return envelope;
    this.logger.error(`What came on the channel ${this.channel} of Redis is no signal`);
    return undefined;
  }

  private tellMissed(): void {
    for (const [topic, listeners] of this.listeners) {
      for (const listener of listeners) this.call(topic, () => listener.missed());
    }
  }

  private deliver(topic: string, message: SignalMessage): void {
    for (const listener of this.listeners.get(topic) ?? []) {
      this.call(topic, () => listener.receive(message));
    }
  }

  /** Detached: in every process the same, whoever published. */
  private call(topic: string, listener: () => void): void {
    try {
      runDetached(`signal "${topic}"`, listener);
    } catch (error) {
      this.logger.error(
        `A listener of the signal "${topic}" failed`,
        error instanceof Error ? error.stack : error,
      );
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false;
  return 'from' in value && ('missed' in value || 'topic' in value);
}
