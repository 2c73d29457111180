import type { JobsOptions, Queue } from 'bullmq';
import { currentTenant, requireTenant } from '../context/tenant-context.js';
import { QueueSharedError } from './errors.js';
import type { FairTurns } from './fair-turns.js';
import { ownName, repeatKey, tenantIdOf } from './job-tenant.js';
import { tenantOptions } from './tenant-options.js';
import { composeTelemetry } from './tenant-telemetry.js';

/** What belongs to no job: it may be called whoever the code runs for. */
const HARMLESS = new Set(
  (
    'constructor emit on off once close disconnect waitUntilReady trace createScripts checkConnectionError ' +
    'base64Name clientName getVersion addJob commandByType sanitizeJobTypes parseClientList'
  ).split(' '),
);

/** Their first argument is the id of a job. */
const OF_A_JOB = [
  'remove',
  'updateJobProgress',
  'addJobLog',
  'getJobLogs',
  'getJobState',
  'getDependencies',
] as const;

/** Their first argument is a name that the app chose. */
const OF_A_NAME = [
  'getDeduplicationJobId',
  'removeDeduplicationKey',
  'getDebounceJobId',
  'removeDebounceKey',
  'getJobScheduler',
  'removeJobScheduler',
  'removeRepeatableByKey',
] as const;

/**
 * Makes a queue that tenants share one in which each has its own jobs: what is added belongs to the tenant of the
 * running code, what is asked for by id or name is looked for among its jobs, and everything else is refused to it. The
 * methods of this very object are replaced, because NestJS has handed it out already.
 * @param turns in which its jobs may be waiting
 */
export function bindQueue(queue: Queue, turns: FairTurns): void {
  if (queue.opts.telemetry) queue.opts.telemetry = composeTelemetry(queue.opts.telemetry);
  const add = queue.add.bind(queue);
  const addBulk = queue.addBulk.bind(queue);
  const upsertJobScheduler = queue.upsertJobScheduler.bind(queue);
  const getJob = queue.getJob.bind(queue);
  const removeRepeatable = queue.removeRepeatable.bind(queue);
  countInTurns(queue, turns);

  const called = (operation: string) => `${operation}() of queue "${queue.name}"`;
  const defaults = (): JobsOptions => ({ ...queue.defaultJobOptions, jobId: undefined });
  const find: Queue['getJob'] = async (id) => {
    const tenant = currentTenant();
    if (tenant === undefined) return getJob(id);
    for (const candidate of new Set([ownName(tenant.id, id), id])) {
      const job = await getJob(candidate);
      if (job !== undefined && tenantIdOf(job) === tenant.id) return job;
    }
    return undefined;
  };

  refuseToTenants(queue, called);
  for (const method of OF_A_JOB) {
    // For a job that is not the tenant's: by a name that nobody has.
    replaceId(
      queue,
      method,
      async (id, { id: tenantId }) => (await find(id))?.id ?? ownName(tenantId, id),
    );
  }
  for (const method of OF_A_NAME) {
    replaceId(queue, method, (name, { id }) => ownName(id, name));
  }
  queue.add = async (name, data, options) => {
    const tenant = requireTenant(called('add'));
    return add(
      name,
      data,
      tenantOptions(tenant, name, { ...defaults(), ...options }, queue.opts.telemetry),
    );
  };
  queue.addBulk = async (jobs) => {
    const tenant = requireTenant(called('addBulk'));
    const { telemetry } = queue.opts;
    return addBulk(
      jobs.map((job) => ({
        ...job,
        opts: tenantOptions(tenant, job.name, { ...defaults(), ...job.opts }, telemetry),
      })),
    );
  };
  queue.upsertJobScheduler = async (id, repeat, template) => {
    const tenant = requireTenant(called('upsertJobScheduler'));
    const name = template?.name ?? id;
    const given = { ...defaults(), ...template?.opts };
    const opts = tenantOptions(tenant, name, given, queue.opts.telemetry);
    return upsertJobScheduler(ownName(tenant.id, id), repeat, { ...template, name, opts });
  };
  queue.getJob = find;
  queue.removeRepeatable = async (name, repeat, jobId) => {
    const tenant = currentTenant();
    if (tenant === undefined) return removeRepeatable(name, repeat, jobId);
    const key = ownName(tenant.id, repeat.key ?? repeatKey(name, repeat, jobId));
    return removeRepeatable(name, { ...repeat, key }, jobId);
  };
}

/** Has what is done to all that waits be done to what waits for its tenant's turn, too. */
function countInTurns(queue: Queue, turns: FairTurns): void {
  for (const method of ['drain', 'obliterate', 'clean'] as const) {
    const original: (...args: never[]) => unknown = queue[method];
    Reflect.set(queue, method, async (...args: unknown[]) => {
      await turns.dissolve();
      return Reflect.apply(original, queue, args);
    });
  }
  const resume = queue.resume.bind(queue);
  queue.resume = async () => {
    await resume();
    await turns.wake();
  };
}

/** Every method, known here or not, so that one of a later BullMQ is refused until it is thought about. */
function refuseToTenants(queue: Queue, called: (operation: string) => string): void {
  for (const name of methodsOf(queue)) {
    if (HARMLESS.has(name)) continue;
    const method: unknown = Reflect.get(queue, name);
    if (typeof method !== 'function') continue;
    if ([...OF_A_JOB, ...OF_A_NAME].some((known) => known === name)) continue;
    Reflect.set(queue, name, async (...args: unknown[]) => {
      const tenant = currentTenant();
      if (tenant !== undefined) throw new QueueSharedError(called(name), tenant.slug);
      return Reflect.apply(method, queue, args);
    });
  }
}

/** Has a method take another id than it is given, when it is called for a tenant. */
function replaceId(
  queue: Queue,
  method: (typeof OF_A_JOB | typeof OF_A_NAME)[number],
  replace: (id: string, tenant: { readonly id: string }) => string | Promise<string>,
): void {
  const original: (...args: never[]) => unknown = queue[method];
  Reflect.set(queue, method, async (id: string, ...rest: unknown[]) => {
    const tenant = currentTenant();
    const known = tenant === undefined ? id : await replace(id, tenant);
    return Reflect.apply(original, queue, [known, ...rest]);
  });
}

/** Those of the queue's classes, up to the emitter of events. */
function methodsOf(queue: Queue): Set<string> {
  const names = new Set<string>();
  let prototype: object | null = Object.getPrototypeOf(queue);
  while (prototype !== null && !Object.hasOwn(prototype, 'eventNames')) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value === 'function') names.add(name);
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return names;
}
