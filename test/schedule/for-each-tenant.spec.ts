import { ConsoleLogger, Injectable, Logger, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { type CurrentTenant, MaintenanceService, Tenancy } from '../../lib/index.js';
import { ForEachTenant, TenantScheduleModule } from '../../lib/schedule/index.js';
import { TenantSchedule } from '../../lib/schedule/tenant-schedule.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';

const YEARLY = '0 0 1 1 *';

/** What the class's methods do, given by the test. */
@Injectable()
class Work {
  readonly done: string[] = [];
  of: (tenant: CurrentTenant) => unknown = ({ slug }) => this.done.push(slug);
  finish = () => {};

  /** From now on each part says that it is done, and ends when told to. */
  hold(): void {
    const finished = new Promise<void>((resolve) => (this.finish = resolve));
    this.of = ({ slug }) => {
      this.done.push(slug);
      return finished;
    };
  }
}

@Injectable()
class Reminders {
  constructor(
    private readonly work: Work,
    private readonly tenancy: Tenancy,
  ) {}

  @Cron(YEARLY)
  @ForEachTenant()
  async yearly(tenant: CurrentTenant): Promise<void> {
    if (this.tenancy.require() !== tenant) throw new Error('Not in its context');
    await this.work.of(tenant);
  }

  @ForEachTenant({ name: 'the other order' })
  @Cron(YEARLY, { name: 'below' })
  async below(): Promise<void> {
    await this.work.of(this.tenancy.require());
  }

  @ForEachTenant({ concurrency: 2, where: ({ slug }) => slug !== 'one' })
  chosen(tenant: CurrentTenant): unknown {
    return this.work.of(tenant);
  }

  @ForEachTenant({ concurrency: 1 })
  oneByOne(tenant: CurrentTenant): unknown {
    return this.work.of(tenant);
  }

  @ForEachTenant({ everyProcess: true })
  everywhere(tenant: CurrentTenant): unknown {
    return this.work.of(tenant);
  }
}

class Keeping extends ConsoleLogger {
  readonly lines: string[] = [];
  override error(...parts: unknown[]) {
    this.lines.push(`error ${String(parts[0])}`);
  }
  override debug() {}
  override warn(...parts: unknown[]) {
    this.lines.push(`warn ${String(parts[0])}`);
  }
}

describe.each(engines.slice(0, 2))('@ForEachTenant on $name', ({ prepare }) => {
  let setup: EngineSetup;
  const apps: TenancyApp[] = [];
  const works: Work[] = [];
  const logger = new Keeping();

  const start = async (...providers: Type[]) => {
    const app = await startTenancyApp(setup, {
      imports: [ScheduleModule.forRoot(), TenantScheduleModule, EventEmitterModule.forRoot()],
      providers: [Work, ...providers],
    });
    apps.push(app);
    await app.context.init();
    Logger.overrideLogger(logger);
    const work = app.context.get(Work);
    works.push(work);
    const told: [string, unknown][] = [];
    const emitter = app.context.get(EventEmitter2);
    emitter.onAny((name, event: unknown) => told.push([String(name), event]));
    return { ...app, work, told, reminders: () => app.context.get(Reminders) };
  };

  beforeAll(async () => {
    setup = await prepare();
    const app = await start();
    for (const slug of ['one', 'two', 'three']) await app.tenants.create({ slug });
    await app.tenants.suspend('three');
  });
  beforeEach(() => {
    logger.lines.length = 0;
  });
  afterEach(async () => {
    for (const work of works.splice(0)) work.finish();
    await Promise.all(apps.splice(0).map((app) => app.close()));
    Logger.overrideLogger(false);
  });
  afterAll(() => setup.cleanUp());

  /** As if the last run of all methods had been long ago. */
  const longAgo = ({ central }: TenancyApp) => central.query('DELETE FROM tenancy_scheduled_runs');

  it('runs once for each active tenant, in its context, with the tenant as its parameter', async () => {
    const { work, reminders } = await start(Reminders);
    await reminders().yearly(null!);
    expect(work.done.sort()).toEqual(['one', 'two']);
  });

  it('leaves out a tenant in maintenance, and tells of it', async () => {
    const { work, told, context, reminders } = await start(Reminders);
    const maintenance = context.get(MaintenanceService);
    await maintenance.enable('one');
    await reminders().everywhere(null!);
    expect(work.done).toEqual(['two']);
    expect(told).toContainEqual([
      'schedule.tenant-skipped',
      expect.objectContaining({ name: 'Reminders.everywhere', slug: 'one' }),
    ]);
    await maintenance.disable('one');
    await reminders().everywhere(null!);
    expect(work.done.sort()).toEqual(['one', 'two', 'two']);
  });

  it('stands above the scheduler’s decorator or below', async () => {
    const { work, context, reminders } = await start(Reminders);
    const jobs = context.get(SchedulerRegistry).getCronJobs();
    expect(jobs.size).toBe(2);
    expect(jobs.has('below')).toBe(true);
    await jobs.get('below')!.fireOnTick();
    await until('it has run', () => work.done.length === 2);
    expect(reminders().below.name).toBe('below');
  });

  it.each<[string, MethodDecorator]>([
    ['@Cron', Cron('* * * * * *')],
    ['@Interval', Interval(50)],
    ['@Timeout', Timeout(50)],
  ])('is called by %s', async (name, decorator) => {
    @Injectable()
    class Ticking {
      constructor(readonly work: Work) {}
      @decorator
      @ForEachTenant({ name })
      tick(tenant: CurrentTenant) {
        return this.work.of(tenant);
      }
    }
    const app = await start(Ticking);
    await until('it ticks', () => app.work.done.length >= 2);
    expect(app.work.done.slice(0, 2).sort()).toEqual(['one', 'two']);
  });

  it('takes the tenants that `where` says', async () => {
    const { work, reminders } = await start(Reminders);
    await reminders().chosen(null!);
    expect(work.done.sort()).toEqual(['three', 'two']);
  });

  it('one tenant’s failure is logged and told, and keeps no other from its run', async () => {
    const app = await start(Reminders);
    await longAgo(app);
    const { work, told, reminders } = app;
    const failure = new Error('the mail server is down');
    work.of = ({ slug }) => {
      if (slug === 'one') throw failure;
      work.done.push(slug);
    };
    await expect(reminders().yearly(null!)).rejects.toMatchObject({
      code: 'FOR_EACH_TENANT_FAILED',
      succeeded: 1,
      failures: new Map([['one', failure]]),
    });
    expect(work.done).toEqual(['two']);
    expect(logger.lines).toEqual(['error Reminders.yearly failed for tenant "one"']);
    const { id } = await app.tenants.get('one');
    expect(told).toEqual([
      [
        'schedule.tenant-failed',
        { name: 'Reminders.yearly', tenantId: id, slug: 'one', error: failure },
      ],
    ]);
  });

  it('a tick during the last one’s run is skipped, and told', async () => {
    const { work, told, reminders } = await start(Reminders);
    work.hold();
    const run = reminders().chosen(null!);
    await until('it runs', () => work.done.length === 2);
    await reminders().chosen(null!);
    expect(logger.lines).toEqual([
      expect.stringMatching(/^warn A tick of Reminders.chosen is skipped: /),
    ]);
    expect(told).toEqual([
      ['schedule.overlap', { name: 'Reminders.chosen', since: expect.any(Date) }],
    ]);
    work.finish();
    await run;
    await reminders().chosen(null!);
    expect(work.done).toHaveLength(4);
  });

  it('the tick of a process whose clock is behind is the same one, unless it was cut short', async () => {
    const [one, other] = [await start(Reminders), await start(Reminders)];
    await longAgo(one);
    await one.reminders().yearly(null!);
    await other.reminders().yearly(null!);
    expect([one.work.done.length, other.work.done.length]).toEqual([2, 0]);
    expect(other.told).toEqual([]);

    await one.central.query('UPDATE tenancy_scheduled_runs SET ended_at = NULL');
    await other.reminders().yearly(null!);
    expect(other.work.done).toHaveLength(2);
    expect(other.told).toEqual([
      ['schedule.cut', { name: 'Reminders.yearly', since: expect.any(Date) }],
    ]);
  });

  it('a run in another process is an overlap when it began at an earlier tick', async () => {
    const [one, other] = [await start(Reminders), await start(Reminders)];
    await longAgo(one);
    one.work.hold();
    const run = one.reminders().yearly(null!);
    await until('it runs', () => one.work.done.length === 2);
    await other.reminders().yearly(null!);
    expect(other.told).toEqual([]);
    await one.central.query('UPDATE tenancy_scheduled_runs SET began_at = began_at - 60000');
    await other.reminders().yearly(null!);
    expect(other.told).toEqual([['schedule.overlap', expect.anything()]]);
    expect(other.work.done).toEqual([]);
    one.work.finish();
    await run;
  });

  it('with `everyProcess` each runs it', async () => {
    const [one, other] = [await start(Reminders), await start(Reminders)];
    await Promise.all([one, other].map(({ reminders }) => reminders().everywhere(null!)));
    expect([one.work.done.length, other.work.done.length]).toEqual([2, 2]);
  });

  it('a shutdown waits for the parts that run, and begins no other', async () => {
    const app = await start(Reminders);
    app.work.hold();
    const run = app.reminders().oneByOne(null!);
    await until('it runs', () => app.work.done.length === 1);
    const closed = apps.pop()!.close();
    await until('ticks are ignored', async () => {
      app.told.length = 0;
      await app.reminders().oneByOne(null!);
      return app.told.length === 0;
    });
    app.work.finish();
    await Promise.all([run, closed]);
    expect(app.work.done).toHaveLength(1);

    const next = await start(Reminders);
    await next.reminders().oneByOne(null!);
    expect(next.work.done).toHaveLength(2);
    expect(next.told).toEqual([['schedule.cut', expect.anything()]]);
  });

  it('inside a tenant it is refused', async () => {
    const { tenancy, reminders } = await start(Reminders);
    const inside = () => tenancy.run('one', () => reminders().yearly(null!));
    expect(await codeOf(inside)).toBe('TENANT_SWITCH_REFUSED');
  });

  it('without the module it says so', async () => {
    const app = await startTenancyApp(setup, { providers: [Work, Reminders] });
    apps.push(app);
    const tick = () => app.context.get(Reminders).yearly(null!);
    expect(await codeOf(tick)).toBe('TENANT_SCHEDULE_MISSING');
  });
});

it('two methods of one name are refused at the start', async () => {
  @Injectable()
  class One {
    @ForEachTenant({ name: 'remind' })
    tick() {}
  }
  @Injectable()
  class Other {
    @ForEachTenant({ name: 'remind' })
    tick() {}
  }
  // The module as a provider: it looks at the app when it is initialised, and nothing ticks here.
  const testing = Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [TenantScheduleModule, { provide: TenantSchedule, useValue: {} }, One, Other],
  });
  const module = await testing.compile();
  expect(await codeOf(() => module.init())).toBe('SCHEDULED_NAME_TAKEN');
});
