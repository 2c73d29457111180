import { Logger, type LoggerService } from '@nestjs/common';
import { runForTenant } from '../../lib/context/tenant-context.js';
import { logWithTenant, TenantLogger } from '../../lib/index.js';
import { tenantNamed } from '../support/tenant-list.js';

const inAcme = <T>(work: () => T) => runForTenant(tenantNamed('acme'), work);

describe('TenantLogger', () => {
  let written: string[];
  beforeEach(() => {
    written = [];
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    }
  });
  afterEach(() => {
    jest.restoreAllMocks();
    Logger.overrideLogger(false);
  });

  it('writes the slug before the context, in every level', () => {
    Logger.overrideLogger(new TenantLogger({ colors: false, logLevels: ['verbose'] }));
    const logger = new Logger('Projects');
    inAcme(() => {
      logger.log('made');
      logger.error('broken', 'the stack');
      logger.warn('odd');
      logger.debug('detail');
      logger.verbose('more');
      logger.fatal('the end');
    });
    const lines = written.filter((line) => line.startsWith('[Nest]'));
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line).toContain('[acme] [Projects] ');
  });

  it('writes it without a context', () => {
    inAcme(() => new TenantLogger({ colors: false }).log('made'));
    expect(written[0]).toMatch(/LOG \[acme\] made\n$/);
  });

  it('has it as a field of JSON', () => {
    const logger = new TenantLogger('Projects', { json: true });
    inAcme(() => logger.log({ made: 1 }));
    inAcme(() => logger.error('broken', 'Error: stack\n    at line', 'Other'));
    expect(written.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'log', tenant: 'acme', context: 'Projects' }),
      expect.objectContaining({
        level: 'error',
        tenant: 'acme',
        context: 'Other',
        message: 'broken',
      }),
    ]);
  });

  it('without a tenant writes what ConsoleLogger does', () => {
    new TenantLogger('Projects', { colors: false }).log('made');
    new TenantLogger('Projects', { json: true }).log('made');
    expect(written[0]).toMatch(/LOG \[Projects\] made\n$/);
    expect(JSON.parse(written[1]!)).not.toHaveProperty('tenant');
  });
});

/** As an app's own: it has state, more methods, and no `fatal`. */
class Keeping implements LoggerService {
  readonly lines: unknown[][] = [];
  log(...line: unknown[]) {
    this.lines.push(line);
  }
  error(...line: unknown[]) {
    this.lines.push(line);
  }
  warn(...line: unknown[]) {
    this.lines.push(line);
  }
  count(): number {
    return this.lines.length;
  }
}

describe('logWithTenant', () => {
  it('puts the slug into what is logged, whatever it is', () => {
    const keeping = new Keeping();
    const logger = logWithTenant(keeping);
    inAcme(() => {
      logger.log('made', 'Projects');
      logger.warn({ made: 1 }, 'Projects');
      logger.error(new Error('broken'), 'Projects');
      logger.log(['a'], 'Projects');
    });
    logger.log('done', 'Projects');
    expect(keeping.lines).toEqual([
      ['[acme] made', 'Projects'],
      [{ made: 1, tenant: 'acme' }, 'Projects'],
      [expect.stringMatching(/^\[acme\] Error: broken\n +at /), 'Projects'],
      ["[acme] [ 'a' ]", 'Projects'],
      ['done', 'Projects'],
    ]);
  });

  it('leaves the rest of the logger as it was', () => {
    const logger = logWithTenant(new Keeping());
    logger.log('made');
    expect(logger.count()).toBe(1);
    expect(logger.lines).toHaveLength(1);
    expect((logger as LoggerService).fatal).toBeUndefined();
  });
});
