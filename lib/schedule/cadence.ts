import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import 'reflect-metadata';
import type { ScheduledMethod } from './for-each-tenant.decorator.js';

/** Milliseconds that the clocks of two processes, or their timers under load, may differ by. */
const LATE_AT_MOST = 30_000;
/** Of an interval: timers of two processes run at any distance from each other, and each is a little early or late. */
const SHARE_OF_INTERVAL = 0.9;

/** What `@nestjs/schedule` leaves on a method. */
const INTERVAL = 'SCHEDULE_INTERVAL_OPTIONS';
const CRON = 'SCHEDULE_CRON_OPTIONS';
const TYPE = 'SCHEDULER_TYPE';

interface CronJob {
  readonly cronTime: { readonly source: unknown };
  nextDate(): { toMillis(): number };
}

/** What is needed of `SchedulerRegistry`. */
interface Schedulers {
  getCronJobs(): ReadonlyMap<string, CronJob>;
}

/**
 * How far apart the ticks of a method are. Reads what `@nestjs/schedule` has made of its decorators; that package is
 * never loaded by this one.
 */
@Injectable()
export class Cadence {
  constructor(private readonly modules: ModulesContainer) {}

  /** Milliseconds after a run's beginning in which a tick is the same one; 0 for what no scheduler calls. */
  sameTickWithin({ handler, options }: ScheduledMethod): number {
    if (options.sameTickWithin !== undefined) return options.sameTickWithin;
    const interval: { timeout: number } | undefined = Reflect.getMetadata(INTERVAL, handler);
    if (interval !== undefined) return interval.timeout * SHARE_OF_INTERVAL;
    if (!Reflect.hasMetadata(TYPE, handler)) return 0;
    const cron: { cronTime: unknown } | undefined = Reflect.getMetadata(CRON, handler);
    return Math.min(LATE_AT_MOST, this.untilNext(cron?.cronTime) / 2);
  }

  /** Any job of the same expression has the same next tick. */
  private untilNext(cronTime: unknown): number {
    if (typeof cronTime !== 'string') return Infinity; // a date, or a timeout: it comes once
    for (const job of this.cronJobs()) {
      if (job.cronTime.source === cronTime) return job.nextDate().toMillis() - Date.now();
    }
    return Infinity;
  }

  private cronJobs(): Iterable<CronJob> {
    for (const module of this.modules.values()) {
      for (const [token, { instance }] of module.providers) {
        if (isSchedulerRegistry(token) && instance !== null) {
          return (instance as Schedulers).getCronJobs().values();
        }
      }
    }
    return [];
  }
}

function isSchedulerRegistry(token: unknown): boolean {
  return typeof token === 'function' && token.name === 'SchedulerRegistry';
}
