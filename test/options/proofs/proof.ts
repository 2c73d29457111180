import type { DataSource, QueryRunner } from 'typeorm';

/** Shows by its effect, on a running app, that an option is read: by the option's path. */
export type Proofs<App> = Readonly<Record<string, (app: App) => Promise<void>>>;

/** Of an app that is not to start, and so cannot be closed: what it opened until then goes by itself. */
export const CLOSED_SOON = { idleTimeout: 50 };

/** Takes connections until there are no more: how many there were, and how the next one fails. */
export async function exhaust(
  dataSource: DataSource,
  mode?: 'slave',
): Promise<{ taken: number; failure: unknown }> {
  const taken: QueryRunner[] = [];
  try {
    for (;;) {
      const queryRunner = dataSource.createQueryRunner(mode);
      await queryRunner.connect();
      taken.push(queryRunner);
    }
  } catch (failure) {
    return { taken: taken.length, failure };
  } finally {
    await Promise.all(taken.map((queryRunner) => queryRunner.release()));
  }
}
