import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedTenancyOptions } from '../../options/resolve.js';
import { ok, problem, type Finding } from './check.js';

/** Whether files can be written where SQLite is to write them: tried. Folders that are not there are made, as by the app. */
export async function checkFolders({
  central,
  tenants,
}: ResolvedTenancyOptions): Promise<Finding[]> {
  const wanted = [
    { name: 'central', address: central.server.address, isFile: true },
    ...tenants.servers.map(({ name, address }) => ({ name, address, isFile: false })),
  ];
  const findings: Finding[] = [];
  for (const { name, address, isFile } of wanted) {
    if (address.engine !== 'sqlite') continue;
    const folder = isFile ? join(address.path, '..') : address.path;
    try {
      await mkdir(folder, { recursive: true });
      const file = join(folder, `.tenancy-doctor-${randomBytes(4).toString('hex')}`);
      await writeFile(file, '');
      await rm(file);
      findings.push(ok(name, `can write to ${folder}`));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const remedy = `Let this user write to it (chown, chmod), or name another folder in the URL`;
      findings.push(problem(name, `cannot write to ${folder}: ${why}`, remedy));
    }
  }
  return findings;
}
