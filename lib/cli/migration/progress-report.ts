import { SingleBar } from 'cli-progress';
import type { MigrationProgress } from '../../migration/migration-report.js';
import { failureOf } from '../failure.js';
import type { Output } from '../output.js';

/** Lines for a run of any length, where there is no terminal: one for each tenth of it, and one for each failure. */
const TENTHS = 10;

/**
 * How far a run has got, told on standard error: a bar with rate, estimate and failures on a terminal, lines elsewhere.
 * A tenant that fails is named at once.
 */
export class ProgressReport {
  private bar?: SingleBar;
  private tenths = 0;

  constructor(
    private readonly output: Output,
    private readonly isTerminal = process.stderr.isTTY ?? false,
  ) {}

  readonly tell = (progress: MigrationProgress): void => {
    if (this.isTerminal) this.draw(progress);
    else this.write(progress);
  };

  /** The bar stays as it is; what is printed from now on stands below it. */
  end(): void {
    this.bar?.stop();
  }

  private draw({ done, total, rate, failed }: MigrationProgress): void {
    const payload = { rate: rate.toFixed(1), failed };
    if (this.bar === undefined) {
      this.bar = new SingleBar({
        format: '{bar} {value}/{total} tenants, {rate}/s, {eta_formatted} left, {failed} failed',
        stream: process.stderr,
        hideCursor: true,
      });
      this.bar.start(total, done, payload);
    } else this.bar.update(done, payload);
  }

  private write({ done, total, rate, failed, tenant, error }: MigrationProgress): void {
    if (error !== undefined) this.output.note(`${tenant}: ${failureOf(error).message}`);
    const tenths = Math.floor((TENTHS * done) / total);
    if (tenths === this.tenths) return;
    this.tenths = tenths;
    this.output.note(`${done} of ${total} tenants, ${rate.toFixed(1)} a second, ${failed} failed`);
  }
}
