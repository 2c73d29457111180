import type { INestApplication } from '@nestjs/common';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { adminDocument } from '../../lib/admin/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { startAdminApp, urlOf } from './admin-app.js';

const ROOT = resolve(__dirname, '../..');
const run = promisify(execFile);

/** What the client sees, and nothing of which the types did not say. */
const SEEN = [
  'created: active',
  'the same: true',
  'listed: true',
  'domains: a.lifelong.example true',
  'limit: 3 3 never measured',
  'migrations: succeeded',
  'pending: 0 of 1',
  'breaker: closed',
  'suspended: suspended',
  'activated: active',
  'blocked: blocked',
  'activated: active',
  'refused: TENANT_CONFIRMATION_WRONG 422',
  'deleted: deleted',
  'restored: active',
  'repaired: active',
  'dropped: dropped',
];

describe('a client that is generated from the OpenAPI document', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-client-'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const generate = async (app: INestApplication): Promise<string> => {
    const document = join(folder, 'openapi.json');
    await writeFile(document, JSON.stringify(adminDocument(app)));
    await cp(join(__dirname, 'files/life-of-a-tenant.ts'), join(folder, 'life.ts'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      noUncheckedIndexedAccess: true,
      types: ['node'],
      outDir: '.',
    };
    const settings = { compilerOptions, files: ['life.ts'] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    await node(
      binOf('openapi-typescript', 'bin/cli.js'),
      document,
      '-o',
      join(folder, 'schema.d.ts'),
    );
    await node(binOf('typescript', 'bin/tsc'), '-p', folder);
    return join(folder, 'life.js');
  };

  it.each(Object.entries(PLATFORMS))(
    'is typed by it, and takes a tenant through its whole life over %s',
    async (_name, adapter) => {
      const setup: EngineSetup = await engines[0]!.prepare();
      const app = await startAdminApp(setup, { adapter: adapter() });
      try {
        const client = await generate(app);
        expect(JSON.parse(await node(client, urlOf(app), 'token-of-anna'))).toEqual(SEEN);
      } finally {
        await app.close();
        await setup.cleanUp();
      }
    },
    180_000,
  );
});

function binOf(name: string, path: string): string {
  return join(dirname(createRequire(__filename).resolve(`${name}/package.json`)), path);
}

/** What a program of node's prints; when it fails, what it says is in the error. */
async function node(...args: string[]): Promise<string> {
  try {
    return (await run(process.execPath, args)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error });
  }
}
