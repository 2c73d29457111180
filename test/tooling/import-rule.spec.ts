import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const REPOSITORY = join(__dirname, '../..');
const OXLINT = join(dirname(require.resolve('oxlint/package.json')), 'bin/oxlint');

/** A statement, the file of lib/ it stands in, and what the linter has to say about it. */
const REFUSED: ReadonlyArray<readonly [statement: string, file: string, message: string]> = [
  [
    `import { Tenant } from '../tenant/tenant.entity.js';`,
    'database/lease.ts',
    'lib/tenant is above lib/database, and imports go down only. What database needs belongs in database or lower',
  ],
  [
    `import type { Tenant } from '../../tenant/tenant.entity.js';`,
    'database/engines/mysql.ts',
    'lib/tenant is above lib/database',
  ],
  [
    `export * from '../http/tenancy.guard.js';`,
    'identify/by-domain.ts',
    'lib/http is above lib/identify',
  ],
  [
    `export const guard = () => import('../http/tenancy.guard.js');`,
    'tenant/lazy.ts',
    'lib/http is above lib/tenant',
  ],
  [
    `export type Guard = import('../http/tenancy.guard.js').TenancyGuard;`,
    'tenant/type.ts',
    'lib/http is above lib/tenant',
  ],
  [
    `export const guard = require('../http/tenancy.guard.js');`,
    'tenant/required.ts',
    'lib/http is above lib/tenant',
  ],
  [
    `import { TenancyModule } from '../index.js';`,
    'admin/controller.ts',
    'lib/index is above lib/admin',
  ],
  [
    `import { AuditService } from '../audit/audit.service.js';`,
    'quota/quota.service.ts',
    'lib/audit is a neighbour of lib/quota, and neighbours do not import each other. What both need belongs in a room below',
  ],
  [
    `import { resolveOptions } from '../options/resolve.js';`,
    'context/start.ts',
    'lib/options is a neighbour of lib/context',
  ],
  [
    `import type { Request } from 'express';`,
    'identify/by-path.ts',
    'Only lib/http knows Express and Fastify',
  ],
  [
    `import { FastifyAdapter } from '@nestjs/platform-fastify';`,
    'admin/page.ts',
    'Only lib/http knows Express and Fastify',
  ],
  [
    `import { createPool } from 'mysql2';`,
    'database/pool.ts',
    'Only lib/database/engines knows a driver',
  ],
  [
    `import { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';`,
    'tenant/create.ts',
    'Only lib/database/engines knows a driver',
  ],
  [
    `import { version } from '../../package.json';`,
    'cli/version.ts',
    'lib/cli imports from outside of lib/',
  ],
  [
    `export const one = 1;`,
    'utils/one.ts',
    'lib/utils is no room. Move the file into one, or give the room its level in tools/rooms.mjs',
  ],
];

const ALLOWED: ReadonlyArray<readonly [statement: string, file: string]> = [
  [`import { Tenancy } from '../context/tenancy.js';`, 'tenant/tenant.service.ts'],
  [`import { TenancyError } from '../tenancy.error.js';`, 'context/errors.ts'],
  [`import { loadPackage } from '../load-package.js';`, 'cache/load-store.ts'],
  [`import type { Identifier } from '../options/identifier.js';`, 'context/typed.ts'],
  [`import { lease } from './lease.js';`, 'database/sibling.ts'],
  [`import { createPool } from 'mysql2';`, 'database/engines/mysql-pool.ts'],
  [`import type { Request } from 'express';`, 'http/request.ts'],
  [`export * from './http/tenancy.guard.js';`, 'index.ts'],
];

describe('the import rule', () => {
  const messages = new Map<string, string[]>();
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'import-rule-'));
    for (const part of ['.oxlintrc.json', 'tools']) {
      cpSync(join(REPOSITORY, part), join(folder, part), { recursive: true });
    }
    for (const [statement, file] of [...REFUSED, ...ALLOWED]) {
      mkdirSync(dirname(join(folder, 'lib', file)), { recursive: true });
      writeFileSync(join(folder, 'lib', file), `${statement}\n`);
    }
    const { stdout } = spawnSync(process.execPath, [OXLINT, '--format=json'], {
      cwd: folder,
      encoding: 'utf8',
    });
    for (const { code, filename, message } of JSON.parse(stdout).diagnostics) {
      if (code !== 'rooms(imports)') continue;
      messages.set(filename, [...(messages.get(filename) ?? []), message]);
    }
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(REFUSED)('refuses %s in lib/%s', (_statement, file, message) => {
    expect(messages.get(`lib/${file}`)).toEqual([expect.stringContaining(message)]);
  });

  it.each(ALLOWED)('allows %s in lib/%s', (_statement, file) => {
    expect(messages.get(`lib/${file}`)).toBeUndefined();
  });
});
