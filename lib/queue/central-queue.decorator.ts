import { SetMetadata } from '@nestjs/common';

/** The metadata key of processors of central queues. */
export const CENTRAL_QUEUE = 'nestjs-tenancy:central-queue';

/**
 * The processor's queue belongs to no tenant: its jobs are added from wherever, and run without one. Apps that only add
 * to it name it in `TenancyBullModule.forRoot({ centralQueues })`.
 *
 * ```ts
 * @CentralQueue()
 * @Processor('invoicing')
 * export class InvoicingProcessor extends WorkerHost { … }
 * ```
 */
export const CentralQueue = () => SetMetadata(CENTRAL_QUEUE, true);
