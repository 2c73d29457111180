import { Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner } from '@nestjs/core';
import 'reflect-metadata';
import { Cadence } from './cadence.js';
import { ScheduledNameTakenError } from './errors.js';
import { SCHEDULED_METHOD, TICK_RUNNER } from './for-each-tenant.decorator.js';
import { RunLedger } from './run-ledger.js';
import { TenantSchedule } from './tenant-schedule.js';

/**
 * Runs the methods that have `@ForEachTenant()`. Import it once, beside `ScheduleModule.forRoot()`.
 *
 * ```ts
 * @Module({ imports: [TenancyModule.forRoot(config), ScheduleModule.forRoot(), TenantScheduleModule] })
 * export class AppModule {}
 * ```
 */
@Module({
  imports: [DiscoveryModule],
  providers: [Cadence, RunLedger, TenantSchedule],
})
export class TenantScheduleModule implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly schedule: TenantSchedule,
  ) {}

  /** Schedulers tick when all modules are initialised, not before. @throws ScheduledNameTakenError */
  onModuleInit(): void {
    const names = new Set<string>();
    for (const instance of this.instances()) {
      for (const name of this.scheduledNames(instance)) {
        if (names.has(name)) throw new ScheduledNameTakenError(name);
        names.add(name);
        Object.defineProperty(instance, TICK_RUNNER, { value: this.schedule, configurable: true });
      }
    }
  }

  /** Each once: a provider that modules share by `useExisting` is in several of them. */
  private instances(): ReadonlySet<object> {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    const instances = wrappers.map(({ instance }) => instance as unknown);
    return new Set(
      instances.filter(
        (instance): instance is object => typeof instance === 'object' && instance !== null,
      ),
    );
  }

  private scheduledNames(instance: object): string[] {
    const prototype: Record<string, unknown> = Object.getPrototypeOf(instance) ?? {};
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const method = prototype[key];
      if (typeof method !== 'function') return [];
      const name: string | undefined = Reflect.getMetadata(SCHEDULED_METHOD, method);
      return name ?? [];
    });
  }
}
