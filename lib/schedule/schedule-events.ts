/** The payload of `schedule.tenant-failed`: a tenant's part of a run has failed. */
export interface ScheduledTenantFailed {
  /** Of the scheduled method. */
  readonly name: string;
  readonly tenantId: string;
  readonly slug: string;
  readonly error: unknown;
}

/** The payload of `schedule.tenant-skipped`: a run has left out a tenant, because it is in maintenance. */
export interface ScheduledTenantSkipped {
  /** Of the scheduled method. */
  readonly name: string;
  readonly tenantId: string;
  readonly slug: string;
}

/** The payload of `schedule.overlap`: a tick was skipped, because the run of an earlier one has not ended. */
export interface ScheduleOverlap {
  readonly name: string;
  /** When that run began. */
  readonly since: Date;
}

/** The payload of `schedule.cut`: the last run had not ended when its process was killed, or was told to shut down. */
export interface ScheduledRunCut {
  readonly name: string;
  /** When that run began. */
  readonly since: Date;
}
