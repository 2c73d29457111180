import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import assert from 'node:assert/strict';
import { codeOf } from '../../support/rejection.js';
import { startContextsApp } from '../app.js';
import type { EntryPoint } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { ON_PURPOSE, Witness } from '../witness.js';

/** The payload: what is to be looked at, and who waits for it. */
interface Asked {
  readonly key: string;
  readonly fails?: boolean;
  settle(seen: Promise<Seen>): void;
}

const WAYS = ['sync', 'async', 'promisified', 'nextTick'] as const;
type Way = (typeof WAYS)[number];

/** A listener of each kind that `@OnEvent` makes. */
@Injectable()
class Listener {
  constructor(private readonly witness: Witness) {}

  @OnEvent('look.sync')
  onSync(asked: Asked): void {
    this.look(asked);
  }

  @OnEvent('look.async', { async: true })
  onAsync(asked: Asked): void {
    this.look(asked);
  }

  @OnEvent('look.promisified', { promisify: true })
  onPromisified(asked: Asked): void {
    this.look(asked);
  }

  @OnEvent('look.nextTick', { nextTick: true })
  onNextTick(asked: Asked): void {
    this.look(asked);
  }

  private look({ key, fails, settle }: Asked): void {
    settle(fails ? this.witness.fail(key) : this.witness.look(key));
  }
}

function emitted(way: Way): EntryPoint {
  return {
    name: `@OnEvent, ${way}`,
    refusal: 'TENANT_CONTEXT_MISSING',
    async start(databases) {
      const app = await startContextsApp(databases, {
        imports: [EventEmitterModule.forRoot()],
        providers: [Listener],
      });
      const { tenancy } = app;
      const emitter = app.nest.get(EventEmitter2);
      const emit = (asked: Omit<Asked, 'settle'>) =>
        new Promise<Seen>((settle) => void emitter.emit(`look.${way}`, { ...asked, settle }));
      return {
        app,
        enter: (tenant, key) => tenancy.run(tenant, () => emit({ key })),
        async fail(tenant, key) {
          const failing = tenancy.run(tenant, () => emit({ key, fails: true }));
          await assert.rejects(failing, { message: ON_PURPOSE });
        },
        withoutTenant: (key) => codeOf(() => emit({ key })),
        stop: () => app.close(),
      };
    },
  };
}

export const entryPoints: readonly EntryPoint[] = WAYS.map(emitted);
