// jest maps `./x.js` to `./x.ts` in specs, but not in what this file imports: those imports go without an ending.
import type { Config } from 'jest';
import { startSharedServers } from './shared-servers';

export default async function globalSetup({ collectCoverage }: Config): Promise<void> {
  if (collectCoverage) process.env.TENANCY_TEST_COVERAGE = 'on';
  await startSharedServers();
}
