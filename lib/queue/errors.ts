import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** What is told of a job in errors. */
export interface JobInError {
  readonly id?: string | undefined;
  readonly name: string;
  readonly queueName: string;
}

/**
 * The job belongs to no tenant, and its queue is one of tenants. It was added before this package was, or past it: by a
 * program without it, or a queue that it was not told of. Retries are given up: none can help.
 */
export class JobTenantMissingError extends TenancyError {
  constructor(job: JobInError) {
    super({
      code: 'JOB_TENANT_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${nameOf(job)} belongs to no tenant, and was not run. Add it again for its tenant: ` +
        'tenancy.run(tenant, () => queue.add(…)). If its queue is of no tenant, mark its processor @CentralQueue().',
    });
  }
}

/** No tenant has the id that the job was added for: it was deleted. Retries are given up. */
export class JobTenantGoneError extends TenancyError {
  constructor(job: JobInError, tenantId: string) {
    super({
      code: 'JOB_TENANT_GONE',
      status: HttpStatus.GONE,
      message:
        `${nameOf(job)} was added for tenant ${tenantId}, which is deleted or was never there. It was not run. ` +
        'After TenantService.restore(), job.retry() runs it.',
    });
  }
}

/**
 * The tenant of the job is suspended, blocked, or not ready yet. The job fails as any other: with attempts left it is
 * tried again, and else it stays among the failed ones, from where `job.retry()` brings it back.
 */
export class JobTenantNotServedError extends TenancyError {
  constructor(job: JobInError, slug: string, status: string) {
    super({
      code: 'JOB_TENANT_NOT_SERVED',
      status: HttpStatus.FORBIDDEN,
      message:
        `${nameOf(job)} was not run, because its tenant "${slug}" is ${status}. ` +
        'When the tenant is active again, job.retry() runs it.',
    });
  }
}

/** A job of a tenant is in a queue that belongs to none. Retries are given up. */
export class JobInCentralQueueError extends TenancyError {
  constructor(job: JobInError, tenantId: string) {
    super({
      code: 'JOB_IN_CENTRAL_QUEUE',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${nameOf(job)} was added for tenant ${tenantId}, but its processor is a @CentralQueue(). It was not run. ` +
        'Name the queue in TenancyBullModule.forRoot({ centralQueues }) of the app that adds it, too.',
    });
  }
}

/** Code of one tenant added a job as the child of another tenant's. */
export class JobParentOfOtherTenantError extends TenancyError {
  constructor(slug: string) {
    super({
      code: 'JOB_PARENT_OF_OTHER_TENANT',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `Code of tenant "${slug}" added a job under a parent that is another tenant's, which would have waited for it ` +
        'and been given its result. Nothing was added. Take `opts.parent` from a job of the running tenant, never from ' +
        'a request.',
    });
  }
}

/** Code that runs for a tenant asked a queue for what concerns the jobs of every tenant. */
export class QueueSharedError extends TenancyError {
  constructor(operation: string, slug: string) {
    super({
      code: 'QUEUE_SHARED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${operation} concerns the jobs of every tenant, and was called for tenant "${slug}". A tenant's code reaches ` +
        'its own jobs by id; for the whole queue, name the way out: tenancy.runCentral(reason, work).',
    });
  }
}

/** A queue was registered in a way in which its jobs would run without their tenant. */
export class QueueUnsupportedError extends TenancyError {
  constructor(problem: string, remedy: string) {
    super({
      code: 'QUEUE_UNSUPPORTED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `${problem}, so its jobs would run without their tenant. ${remedy}`,
    });
  }
}

function nameOf({ id, name, queueName }: JobInError): string {
  return `Job ${id ?? '(no id)'} ("${name}") of queue "${queueName}"`;
}
