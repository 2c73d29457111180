import { Injectable } from '@nestjs/common';
import { Interval, ScheduleModule } from '@nestjs/schedule';
import { Tenancy } from 'nestjs-tenancy';
import { ForEachTenant, TenantScheduleModule } from 'nestjs-tenancy/schedule';
import assert from 'node:assert/strict';
import { codeOf } from '../../support/rejection.js';
import { startContextsApp } from '../app.js';
import type { EntryPoint } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { ON_PURPOSE, Witness } from '../witness.js';

interface Asked {
  readonly key: string;
  readonly fails: boolean;
  settle(seen: Promise<Seen>): void;
}

/** What waits for the next tick, of each tenant and of none. */
@Injectable()
class Outbox {
  private readonly asked = new Map<string | undefined, Asked[]>();

  add(tenant: string | undefined, key: string, fails = false): Promise<Seen> {
    return new Promise((settle) => {
      const waiting = this.asked.get(tenant) ?? [];
      this.asked.set(tenant, [...waiting, { key, fails, settle }]);
    });
  }

  take(tenant?: string): readonly Asked[] {
    const waiting = this.asked.get(tenant) ?? [];
    this.asked.delete(tenant);
    return waiting;
  }
}

@Injectable()
class Ticks {
  constructor(
    private readonly outbox: Outbox,
    private readonly witness: Witness,
    private readonly tenancy: Tenancy,
  ) {}

  @Interval(5)
  @ForEachTenant({ sameTickWithin: 0 })
  async send(): Promise<void> {
    await this.lookAt(this.outbox.take(this.tenancy.require().slug));
  }

  /** Nobody has said for whom. */
  @Interval(5)
  async sendForNobody(): Promise<void> {
    await this.lookAt(this.outbox.take());
  }

  /** Begins and ends with the look; one that fails makes its tenant's part fail. */
  private async lookAt(asked: readonly Asked[]): Promise<void> {
    const looks = asked.map(({ key, fails, settle }) => {
      const look = fails ? this.witness.fail(key) : this.witness.look(key);
      settle(look);
      return look;
    });
    const ends = await Promise.allSettled(looks);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

const ticks: EntryPoint = {
  name: '@ForEachTenant of @nestjs/schedule',
  refusal: 'TENANT_CONTEXT_MISSING',
  async start(databases) {
    const app = await startContextsApp(databases, {
      imports: [ScheduleModule.forRoot(), TenantScheduleModule],
      providers: [Outbox, Ticks],
    });
    const outbox = app.nest.get(Outbox);
    return {
      app,
      enter: (tenant, key) => outbox.add(tenant, key),
      async fail(tenant, key) {
        await assert.rejects(outbox.add(tenant, key, true), { message: ON_PURPOSE });
      },
      withoutTenant: (key) => codeOf(() => outbox.add(undefined, key)),
      stop: () => app.close(),
    };
  },
};

export const entryPoints: readonly EntryPoint[] = [ticks];
