import { BullRegistrar, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { FlowProducer, Queue, Worker } from 'bullmq';
import { MAINTENANCE_GATE, type MaintenanceGate } from '../tenant/maintenance-gate.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import { bindFlowProducer } from './bind-flow-producer.js';
import { bindQueue } from './bind-queue.js';
import { bindWorker } from './bind-worker.js';
import { CENTRAL_QUEUE } from './central-queue.decorator.js';
import { QueueUnsupportedError } from './errors.js';
import { FairTurns } from './fair-turns.js';
import { JobTenants } from './job-tenants.js';
import { keepParentsOwn } from './own-parent.js';
import { TENANT_JOBS_OPTIONS, type TenantJobsOptions } from './tenant-jobs-options.js';

/**
 * Binds the queues, flow producers and workers of `@nestjs/bullmq` to tenants when the app starts: before its own
 * lifecycle hooks run, and before a worker has fetched anything.
 */
@Injectable()
export class TenantJobs {
  private readonly central: Set<string>;
  private readonly tenants: JobTenants;
  private readonly bound = new WeakSet<object>();

  constructor(
    @Inject(TENANT_JOBS_OPTIONS) private readonly options: TenantJobsOptions,
    private readonly discovery: DiscoveryService,
    registry: TenantRegistry,
    @Inject(MAINTENANCE_GATE) maintenance: MaintenanceGate,
    @Optional() registrar?: BullRegistrar,
  ) {
    this.central = new Set(options.centralQueues);
    const isCentral = (name: string) => this.central.has(name);
    this.tenants = new JobTenants(registry, maintenance, isCentral);
    if (registrar !== undefined) this.bindWith(registrar);
  }

  /**
   * Binds what was made without `@nestjs/bullmq`: at once, before it is used. What is bound already is left as it is.
   * @throws QueueUnsupportedError
   */
  bind(made: Queue | FlowProducer | Worker): void {
    if (this.bound.has(made)) return;
    this.bound.add(made);
    if (made instanceof FlowProducer) bindFlowProducer(made, (name) => this.central.has(name));
    else if (made instanceof Worker) this.bindWorker(made);
    else this.bindQueue(made);
  }

  /** `register` makes the workers: it is called when the app starts, or by the app with `manualRegistration`. */
  private bindWith(registrar: BullRegistrar): void {
    const register = registrar.register.bind(registrar);
    registrar.register = () => {
      register();
      // All in the same turn of the event loop: no worker has asked for a job yet.
      const instances = this.discovery.getProviders().map(({ instance }): unknown => instance);
      const hosts = instances.filter((instance) => instance instanceof WorkerHost);
      for (const { constructor, worker } of hosts) {
        if (Reflect.hasMetadata(CENTRAL_QUEUE, constructor)) this.central.add(worker.name);
      }
      for (const { worker } of hosts) this.bind(worker);
      for (const instance of instances) {
        if (instance instanceof Queue || instance instanceof FlowProducer) this.bind(instance);
      }
    };
  }

  private bindQueue(queue: Queue): void {
    keepParentsOwn(queue);
    if (this.central.has(queue.name)) return;
    if ('processors' in queue.opts) {
      throw new QueueUnsupportedError(
        `Queue "${queue.name}" is registered with \`processors\``,
        'Write a class with @Processor() for them.',
      );
    }
    bindQueue(queue, new FairTurns(queue));
  }

  private bindWorker(worker: Worker): void {
    const { fair = true, concurrencyPerTenant } = this.options;
    const inTurns = fair && !this.central.has(worker.name);
    const { limiter } = worker.opts;
    const turns = inTurns ? new FairTurns(worker, concurrencyPerTenant, limiter?.max) : undefined;
    bindWorker(worker, this.tenants, turns);
  }
}
