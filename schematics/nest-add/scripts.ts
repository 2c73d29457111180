import type { Entries } from '../workspace/package-json.js';

/** The scripts of the app's package.json that run commands of this package: `nest-add` adds them, `remove` takes them. */
export const SCRIPTS: Entries = {
  'tenancy:doctor': 'tenancy doctor',
  'tenancy:migrate': 'tenancy migrate',
  'tenancy:status': 'tenancy status',
};
