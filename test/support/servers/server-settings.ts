import type { ServerKind, ServerOptions } from './running-server';

/**
 * For data that nobody keeps: nothing waits for the disk. A commit still reaches the operating system
 * (`flush-log-at-trx-commit=2`, not 0), so that what was committed is there after the server alone is killed.
 */
const THROW_AWAY = [
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-flush-method=nosync',
  '--skip-log-bin',
  '--skip-name-resolve',
  // Halves MySQL's memory, from 490 to 240 MB. SHOW VARIABLES and SHOW STATUS work without it.
  '--performance-schema=OFF',
];

const OF_KIND: Readonly<Record<ServerKind, readonly string[]>> = {
  mariadb: ['--innodb-log-file-size=32M'],
  mysql: [
    '--innodb-redo-log-capacity=32M',
    '--mysqlx=OFF',
    // Debian compiles in a folder that only its full server package creates.
    '--secure-file-priv=',
  ],
};

export function serverSettings(kind: ServerKind, options: ServerOptions): readonly string[] {
  const { maxConnections, settings = [] } = options;
  return [
    ...THROW_AWAY,
    ...OF_KIND[kind],
    ...(maxConnections === undefined ? [] : [`--max-connections=${maxConnections}`]),
    ...settings,
  ];
}
