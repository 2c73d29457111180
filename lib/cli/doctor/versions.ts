import { ok, problem, type Check, type Finding, type ReachedServer } from './check.js';

/** The oldest that this package is tested with. */
const OLDEST = { mysql: [8, 4], mariadb: [10, 11] } as const;
const NAMES = { mysql: 'MySQL', mariadb: 'MariaDB' } as const;

/** Whether the servers are of the kind that their URLs say, and not too old. */
export const versions: Check = {
  name: 'versions',
  run: async ({ servers }) => servers.flatMap(judge),
};

function judge({ name, facts, options }: ReachedServer): Finding[] {
  const { address } = options;
  if (facts === undefined || address.engine !== 'mysql') return [];
  const { product, version } = facts;
  const what = `${NAMES[product]} ${version}`;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST[product];
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    const oldest = `${NAMES[product]} ${oldestMajor}.${oldestMinor}`;
    return [problem(name, `is ${what}, older than ${oldest}`, `Upgrade it to ${oldest} or later`)];
  }
  if (product !== address.dialect) {
    const message = `is ${what}, but its URL begins with ${address.dialect}://`;
    return [problem(name, message, `Write ${product}://: TypeORM writes SQL for what it says`)];
  }
  return [ok(name, `is ${what}`)];
}
