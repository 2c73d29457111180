import { Logger } from '@nestjs/common';
import { TenantLogger } from 'nestjs-tenancy';
import { randomUUID } from 'node:crypto';
import type { Sense } from '../sense.js';

/** The logger of every app here: keeps whose each line was instead of printing it. */
class LogBook extends TenantLogger {
  private readonly tenants = new Map<unknown, string | undefined>();

  constructor() {
    super({ json: true, logLevels: ['log'] });
  }

  tenantOf(message: string): string {
    const tenant = this.tenants.get(message);
    this.tenants.delete(message);
    return String(tenant);
  }

  protected override printAsJson(...line: Parameters<TenantLogger['getJsonLogObject']>): void {
    const { message, tenant, context } = this.getJsonLogObject(...line);
    if (context === CONTEXT) this.tenants.set(message, tenant);
  }
}

const CONTEXT = 'Witness';
const logger = new Logger(CONTEXT);
export const logBook = new LogBook();

/** A line that only this unit of work writes. */
export const log: Sense = {
  name: 'log',
  leave: async () => {},
  async look() {
    const message = randomUUID();
    logger.log(message);
    return logBook.tenantOf(message);
  },
};
