import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Interval, ScheduleModule } from '@nestjs/schedule';
import { Tenancy } from '../../lib/index.js';
import { ForEachTenant, TenantScheduleModule } from '../../lib/schedule/index.js';
import type { EngineSetup } from '../support/engines.js';
import { startTenancyApp } from '../support/tenancy-app.js';

// A replica of an app with one scheduled method. It says when it begins a tenant's part, and ends it when told to.

/** What the test is told: the slug of the tenant whose part is begun, a tick that was skipped, or that it is ready. */
export type Told = { readonly began: string } | 'overlap' | 'ready';

const INTERVAL = 250;
let finish: () => void = () => {};

@Injectable()
class Reminders {
  constructor(private readonly tenancy: Tenancy) {}

  @OnEvent('schedule.overlap')
  overlap(): void {
    process.send?.('overlap' satisfies Told);
  }

  @Interval(INTERVAL)
  @ForEachTenant({ concurrency: 1 })
  async remind(): Promise<void> {
    const finished = new Promise<void>((resolve) => (finish = resolve));
    process.send?.({ began: this.tenancy.require().slug } satisfies Told);
    await finished;
  }
}

process.on('message', (order: Omit<EngineSetup, 'cleanUp'> | 'finish') => {
  if (order === 'finish') return finish();
  void start(order);
});

async function start(setup: Omit<EngineSetup, 'cleanUp'>): Promise<void> {
  const { context } = await startTenancyApp(
    { ...setup, cleanUp: () => Promise.resolve() },
    {
      imports: [ScheduleModule.forRoot(), TenantScheduleModule, EventEmitterModule.forRoot()],
      providers: [Reminders],
    },
  );
  await context.init();
  process.send?.('ready' satisfies Told);
}
