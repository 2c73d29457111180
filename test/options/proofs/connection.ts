import type { TestEngine } from '../../support/engines.js';

/** That the driver was given what `connection` says: see the options of the app. */
export async function expectConnectionOption(
  { name }: Pick<TestEngine, 'name'>,
  source: { query(sql: string): Promise<unknown> },
  statements: readonly unknown[],
): Promise<void> {
  if (name === 'sqlite') {
    await source.query('SELECT 1 AS told_by_the_driver');
    expect(statements.join()).toContain('told_by_the_driver');
    return;
  }
  const rows = await source.query("SELECT TIMESTAMP('2026-01-01 05:00:00') AS at");
  expect(rows).toEqual([{ at: new Date('2026-01-01T00:00:00Z') }]);
}
