export const ENGINES = ['sqlite', 'mariadb', 'mysql'] as const;
export type EngineName = (typeof ENGINES)[number];

/** What `TENANCY_TEST_ENGINES` selects, as in `TENANCY_TEST_ENGINES=sqlite,mariadb npm test`. Default: all. */
export const selectedEngines: readonly EngineName[] = select(process.env['TENANCY_TEST_ENGINES']);

function select(list: string | undefined): readonly EngineName[] {
  if (list === undefined || list === '') return ENGINES;
  const wanted = list.split(',');
  const unknown = wanted.filter((name) => !ENGINES.some((engine) => engine === name));
  if (unknown.length > 0) {
    throw new Error(
      `TENANCY_TEST_ENGINES names ${unknown.join(', ')}; there are ${ENGINES.join(', ')}.`,
    );
  }
  return ENGINES.filter((engine) => wanted.includes(engine));
}

/** Those of {@link selectedEngines} that are servers. */
export const selectedServers = selectedEngines.filter((name) => name !== 'sqlite');
