import 'reflect-metadata';
import type { CurrentTenant } from '../context/current-tenant.js';
import type { ForEachOptions } from '../context/for-each.js';
import { TenantScheduleMissingError } from './errors.js';

export interface ForEachTenantOptions extends Pick<ForEachOptions, 'concurrency' | 'where'> {
  /**
   * Under which its runs are known in all processes; at most 191 characters. Default: `Class.method`. Give one where
   * the build shortens the names of classes, and keep it when the method is renamed.
   */
  readonly name?: string;
  /**
   * Milliseconds after the beginning of a run in which another process's tick is the same one, come late, and is
   * skipped. Default: nine tenths of the time of an `@Interval`; else 30 seconds, and not more than half of the time to
   * the next tick.
   */
  readonly sameTickWithin?: number;
  /** Run in every process, instead of in one of them for each tick: to warm what each keeps in memory. Default false. */
  readonly everyProcess?: boolean;
}

/** A method with the decorator, and how it was called. */
export interface ScheduledMethod {
  /** Of the class and the method, or as the options say. */
  readonly name: string;
  readonly options: ForEachTenantOptions;
  /** What carries the scheduler's metadata. */
  readonly handler: object;
}

/** Runs a method for every tenant; put on each instance that has one. */
export interface TickRunner {
  tick(method: ScheduledMethod, work: (tenant: CurrentTenant) => unknown): Promise<void>;
}

/** On instances: `Symbol.for`, for an app that loads the package twice. */
export const TICK_RUNNER = Symbol.for('nestjs-tenancy:tick-runner');
/** On methods: their {@link ScheduledMethod}. */
export const SCHEDULED_METHOD = Symbol.for('nestjs-tenancy:scheduled-method');

/**
 * Makes a method of `@Cron`, `@Interval` or `@Timeout` run once for every active tenant, each in its own context, in
 * one of the app's processes for each tick. Its parameter, if it takes one, is the tenant.
 *
 * ```ts
 * @Cron(CronExpression.EVERY_DAY_AT_3AM)
 * @ForEachTenant({ concurrency: 8 })
 * async remind(tenant: CurrentTenant) { … }
 * ```
 *
 * A tenant whose work fails keeps no other from its own: each failure is logged and told as the event
 * `schedule.tenant-failed`, and in the end the method throws `ForEachTenantError`, which the scheduler logs. A tick
 * that comes while the last one still runs is skipped, and told as `schedule.overlap`. Needs `TenantScheduleModule`.
 */
export function ForEachTenant(options: ForEachTenantOptions = {}) {
  return <Method extends (tenant: CurrentTenant) => unknown>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): TypedPropertyDescriptor<Method> => {
    const method = descriptor.value as Method;
    const name = options.name ?? `${target.constructor.name}.${String(key)}`;
    const handler = async function (this: { readonly [TICK_RUNNER]?: TickRunner }): Promise<void> {
      const runner = this[TICK_RUNNER];
      if (runner === undefined) throw new TenantScheduleMissingError(name);
      await runner.tick({ name, options, handler }, (tenant) => method.call(this, tenant));
    };
    // Also when the scheduler's decorator stands below this one.
    for (const metadata of Reflect.getMetadataKeys(method)) {
      Reflect.defineMetadata(metadata, Reflect.getMetadata(metadata, method), handler);
    }
    Reflect.defineMetadata(SCHEDULED_METHOD, name, handler);
    Object.defineProperty(handler, 'name', { value: method.name });
    return Object.assign(descriptor, { value: handler });
  };
}
