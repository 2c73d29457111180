import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCoverageMap, type CoverageMapData } from 'istanbul-lib-coverage';
import { createInstrumenter } from 'istanbul-lib-instrument';

/** The global that istanbul counts in, and that jest reads. */
const COUNTS = '__coverage__';

/**
 * Counts what the commands of a test run of the package, and adds it to what the test itself has run: jest sees into no
 * process but its own.
 */
export class CommandCoverage {
  private readonly counts: string;
  private readonly writer: string;
  private readonly instrumenter = createInstrumenter({ esModules: true, produceSourceMap: false });

  private constructor(folder: string) {
    this.counts = join(folder, 'coverage');
    this.writer = join(folder, 'write-coverage.cjs');
    mkdirSync(this.counts);
    // Commands of another user write there, too.
    chmodSync(this.counts, 0o777);
    writeFileSync(this.writer, WRITER);
  }

  /** Nothing where jest counts nothing (globalSetup says so). */
  static of(folder: string): CommandCoverage | undefined {
    return process.env.TENANCY_TEST_COVERAGE === undefined
      ? undefined
      : new CommandCoverage(folder);
  }

  get nodeArguments(): string[] {
    return ['--require', this.writer];
  }

  instrument(code: string, fileName: string, sourceMap: string): string {
    return this.instrumenter.instrumentSync(code, fileName, JSON.parse(sourceMap));
  }

  /** Adds up what all commands have written so far. */
  collect(): void {
    const test = globalThis as { [COUNTS]?: CoverageMapData };
    const map = createCoverageMap({});
    for (const name of readdirSync(this.counts)) {
      map.merge(JSON.parse(readFileSync(join(this.counts, name), 'utf8')));
    }
    test[COUNTS] = { ...test[COUNTS], ...JSON.parse(JSON.stringify(map)) };
  }
}

/** What a command runs first. A command that is killed has not been counted. */
const WRITER = `
  const { writeFileSync } = require('node:fs');
  const { join } = require('node:path');
  process.on('exit', () => {
    const counts = globalThis.${COUNTS};
    if (counts === undefined) return;
    const name = process.pid + '-' + process.hrtime.bigint() + '.json';
    writeFileSync(join(__dirname, 'coverage', name), JSON.stringify(counts));
  });
`;
