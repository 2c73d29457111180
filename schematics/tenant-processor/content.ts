import type { JobProcessor } from './job-processor.js';

export function processor({ name }: JobProcessor): string {
  return `import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Tenancy } from 'nestjs-tenancy';

/** What is given to \`queue.add()\`. */
export type ${name.pascal}Data = Record<string, never>;

@Processor('${name.dashed}')
export class ${name.pascal}Processor extends WorkerHost {
  private readonly logger = new Logger(${name.pascal}Processor.name);

  constructor(private readonly tenancy: Tenancy) {
    super();
  }

  /** Runs for the tenant that added the job: what is injected here works on that tenant's data. */
  process(job: Job<${name.pascal}Data>): Promise<{ tenant: string }> {
    const { slug } = this.tenancy.require();
    this.logger.log(\`Job \${job.name} of \${slug}\`);
    return Promise.resolve({ tenant: slug });
  }
}
`;
}

export function module(made: JobProcessor): string {
  const { name } = made;
  return `import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { ${name.pascal}Processor } from '${made.pathFrom(made.file('module'))}';

@Module({
  imports: [BullModule.registerQueue({ name: '${name.dashed}' })],
  providers: [${name.pascal}Processor],
  exports: [BullModule],
})
export class ${name.pascal}Module {}
`;
}

export function spec(made: JobProcessor): string {
  const { name } = made;
  return `import { Test, type TestingModule } from '@nestjs/testing';
import type { Job } from 'bullmq';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tenancy, TenancyModule, TenantService } from 'nestjs-tenancy';
import { ${name.pascal}Processor, type ${name.pascal}Data } from '${made.pathFrom(made.file('processor.spec'))}';

describe('a job of ${name.dashed}', () => {
  const job = { name: '${name.dashed}', data: {} } as Job<${name.pascal}Data>;
  let folder: string;
  let app: TestingModule;
  let tenancy: Tenancy;
  let processor: ${name.pascal}Processor;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), '${name.dashed}-'));
    app = await Test.createTestingModule({
      imports: [
        // On SQLite files that are thrown away, and without Redis: the processor is called as its worker would.
        TenancyModule.forRoot({
          central: { url: \`sqlite:\${join(folder, 'central.sqlite')}\` },
          tenants: {
            servers: { main: { url: \`sqlite:\${join(folder, 'tenants')}\` } },
          },
        }),
      ],
      providers: [${name.pascal}Processor],
    }).compile();
    await app.init();
    tenancy = app.get(Tenancy);
    processor = app.get(${name.pascal}Processor);
    for (const slug of ['acme', 'globex']) {
      await app.get(TenantService).create({ slug });
    }
  });

  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  it.each(['acme', 'globex'])('runs for its tenant: %s', async (slug) => {
    const done = await tenancy.run(slug, () => processor.process(job));
    expect(done).toEqual({ tenant: slug });
  });

  it('does not run without one', () => {
    expect(() => processor.process(job)).toThrow('needs a tenant');
  });
});
`;
}
