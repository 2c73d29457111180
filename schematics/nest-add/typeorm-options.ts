/** What becomes of an option of `TypeOrmModule.forRoot(…)`. */
export type Destination =
  /** Where the server is: told by the environment now. */
  | { readonly to: 'environment' }
  /** The same option elsewhere: in `tenants`, `tenants.typeorm` or `tenants.servers.main.connection`. */
  | { readonly to: 'tenants' | 'typeorm' | 'connection' }
  /** Needed no more, or not there any more. */
  | { readonly to: 'nowhere'; readonly why: string };

const all = (names: string, destination: Destination): Array<[string, Destination]> =>
  names.split(' ').map((name) => [name, destination]);

const nowhere = (name: string, why: string): [string, Destination] => [
  name,
  { to: 'nowhere', why },
];

const DESTINATIONS = new Map<string, Destination>([
  ...all('type url host port username password database poolSize', { to: 'environment' }),
  ...all('entities subscribers migrations', { to: 'tenants' }),
  ...all(
    'logging logger maxQueryExecutionTime namingStrategy entityPrefix entitySkipConstructor cache ' +
      'relationLoadStrategy migrationsTableName migrationsTransactionMode metadataTableName ' +
      'isolateWhereStatements invalidWhereValuesBehavior retryAttempts retryDelay',
    { to: 'typeorm' },
  ),
  ...all(
    'charset timezone connectTimeout supportBigNumbers bigNumberStrings dateStrings debug trace ' +
      'multipleStatements flags ssl socketPath',
    { to: 'connection' },
  ),
  nowhere('autoLoadEntities', 'always on'),
  nowhere(
    'synchronize',
    "a tenant's tables are made by migrations: nest g -c nestjs-tenancy tenant-migration",
  ),
  nowhere('dropSchema', 'not available'),
  nowhere('migrationsRun', "a tenant's migrations run when it is created"),
  nowhere('extra', 'give what is still needed in tenants.servers.<name>.connection'),
]);

export function destinationOf(option: string): Destination {
  return DESTINATIONS.get(option) ?? { to: 'nowhere', why: 'there is no such option' };
}
