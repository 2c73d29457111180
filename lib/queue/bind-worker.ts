import type { Job, Worker } from 'bullmq';
import { runDetached, runInContext } from '../context/tenant-context.js';
import { QueueUnsupportedError } from './errors.js';
import type { FairTurns } from './fair-turns.js';
import { tenantIdIn, tenantIdOf } from './job-tenant.js';
import type { FetchedJob, FoundTenant, JobTenants } from './job-tenants.js';
import { composeTelemetry } from './tenant-telemetry.js';

/**
 * Has a worker run each job for the tenant that it was added for, its listeners with it, and refuse the job where that
 * cannot be. The methods of this very object are replaced, because it is NestJS that makes it.
 * @param turns in which tenants are served; undefined for the order in which their jobs come
 * @throws QueueUnsupportedError when BullMQ's worker is not the one that is known here
 */
export function bindWorker(worker: Worker, tenants: JobTenants, turns?: FairTurns): void {
  checkMethods(worker);
  if (worker.opts.telemetry) worker.opts.telemetry = composeTelemetry(worker.opts.telemetry);
  const found = new WeakMap<object, FoundTenant>();
  enterTenants(worker, tenants, found);
  tellListeners(worker, found);
  if (turns !== undefined) takeTurns(worker, turns);
}

function enterTenants(worker: Worker, tenants: JobTenants, found: WeakMap<object, FoundTenant>) {
  const nextJob = worker['nextJobFromJobData'].bind(worker);
  const createJob = worker['createJob'].bind(worker);
  const processJob = worker.processJob.bind(worker);
  const callProcessJob = worker['callProcessJob'].bind(worker);

  worker['nextJobFromJobData'] = async (data, id, token) => {
    if (data) {
      const { tm } = JSON.parse(data.opts) as { readonly tm?: unknown };
      const job = { id, name: data.name, queueName: worker.name, tenantId: tenantIdIn(tm) };
      found.set(data, await tenants.find(job));
    }
    // BullMQ comes here from the end of the job before, which may be another tenant's.
    return runDetached(`fetch a job of queue "${worker.name}"`, () => nextJob(data, id, token));
  };
  worker['createJob'] = (data, id) => {
    const job = createJob(data, id);
    const known = found.get(data);
    if (known !== undefined) found.set(job, known);
    return job;
  };
  worker.processJob = async (job, token, fetchNext) => {
    const known = found.get(job) ?? (await tenants.find(fetchedOf(job)));
    found.set(job, known);
    return runInContext(known.context, () => processJob(job, token, fetchNext));
  };
  worker['callProcessJob'] = async (job, token, signal) => {
    const known = found.get(job) ?? (await tenants.find(fetchedOf(job)));
    if (known.refusal === undefined) {
      return runInContext(known.context, () => callProcessJob(job, token, signal));
    }
    if (known.final) job.discard();
    if (known.postponedBy !== undefined) await postpone(worker, job, known.postponedBy, token);
    throw known.refusal;
  };
}

/** Puts a job that is active among those that are delayed, as if it had never been begun. */
async function postpone(worker: Worker, job: Job, by: number, token?: string): Promise<void> {
  const client = await worker.client;
  // Starts are limited by `maxStartedAttempts`, and this was none. Before its lock is given up.
  await client.hset(worker.toKey(job.id ?? ''), { ats: job.attemptsStarted - 1 });
  await job.moveToDelayed(Date.now() + by, token);
}

/** What is told of a job is told in its context; of the worker itself, in none of whichever job came before. */
function tellListeners(worker: Worker, found: WeakMap<object, FoundTenant>): void {
  const emit = worker.emit.bind(worker);
  worker.emit = (event, ...args) => {
    const [about]: readonly unknown[] = args;
    const known = typeof about === 'object' && about !== null ? found.get(about) : undefined;
    const tell = () => emit(event, ...args);
    return known === undefined
      ? runDetached(`event "${event}" of a worker of queue "${worker.name}"`, tell)
      : runInContext(known.context, tell);
  };
}

function takeTurns(worker: Worker, turns: FairTurns): void {
  const moveToActive = worker['moveToActive'].bind(worker);
  const processJob = worker.processJob.bind(worker);
  worker['moveToActive'] = (client, token, name) =>
    turns.next(client, (inTurn) => moveToActive(inTurn, token, name));
  worker.processJob = async (job, token) => {
    // Not BullMQ's own fetching of the next job while it finishes this one, which would go past the turns.
    const next = await processJob(job, token, () => false);
    // The worker, or a part of it, waits to be told of a job, while one may have been kept back for this one's sake.
    if (worker['drained'] || worker['waiting'] !== null) await turns.wake();
    return next;
  };
}

function fetchedOf(job: Job): FetchedJob {
  const { id, name, queueName } = job;
  return { id, name, queueName, tenantId: tenantIdOf(job) };
}

/** What of BullMQ's worker this package stands on. */
const METHODS = [
  'moveToActive',
  'nextJobFromJobData',
  'createJob',
  'processJob',
  'callProcessJob',
] as const;

function checkMethods(worker: Worker): void {
  const missing = METHODS.find((name) => typeof Reflect.get(worker, name) !== 'function');
  if (missing === undefined) return;
  throw new QueueUnsupportedError(
    `The worker of queue "${worker.name}" has no method ${missing}()`,
    'Install a version of bullmq that this package names in its peerDependencies.',
  );
}
