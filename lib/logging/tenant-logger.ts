import { ConsoleLogger } from '@nestjs/common';
import { currentTenant } from '../context/tenant-context.js';

type JsonLine = ReturnType<ConsoleLogger['getJsonLogObject']>;

/**
 * NestJS's `ConsoleLogger`, with the slug of the tenant in each line that is written for one: before the context, and
 * as `tenant` with `{ json: true }`.
 *
 * ```ts
 * const app = await NestFactory.create(AppModule, { logger: new TenantLogger({ json: true }) });
 * ```
 */
export class TenantLogger extends ConsoleLogger {
  protected override formatContext(context: string): string {
    const slug = currentTenant()?.slug;
    const before = slug === undefined ? '' : super.formatContext(slug);
    return before + super.formatContext(context);
  }

  protected override getJsonLogObject(
    ...line: Parameters<ConsoleLogger['getJsonLogObject']>
  ): JsonLine & { tenant?: string } {
    const slug = currentTenant()?.slug;
    return { ...super.getJsonLogObject(...line), ...(slug !== undefined && { tenant: slug }) };
  }
}
