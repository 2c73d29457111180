import { posix } from 'node:path';
import { addImport } from '../source/edit-imports.js';
import { addModuleImport, callOf, moduleImports } from '../source/module-imports.js';
import type { Source } from '../source/source.js';
import type { Workspace } from '../workspace/workspace.js';

/** What the app's module imports for its queues, each but once. */
const MODULES = [
  {
    name: 'BullModule',
    from: '@nestjs/bullmq',
    argument: "{ connection: { url: process.env.REDIS_URL ?? 'redis://localhost:6379' } }",
  },
  { name: 'TenancyBullModule', from: 'nestjs-tenancy/bullmq', argument: '' },
] as const;

/** Has the app's module connect to Redis, and run jobs for their tenants; or says what to paste. */
export function importQueues(workspace: Workspace): void {
  const path = posix.join(workspace.project.sourceRoot, 'app.module.ts');
  for (const each of MODULES) {
    if (workspace.edit(path, (source) => importInto(source, each))) continue;
    const { name, from, argument } = each;
    workspace.leaveToUser(
      "The app's module is to import what its queues need:",
      `import { ${name} } from '${from}';\n\nimports: [${name}.forRoot(${argument})],`,
    );
  }
}

/** @returns false when the module cannot be edited safely */
function importInto(source: Source, { name, from, argument }: (typeof MODULES)[number]): boolean {
  const isThere = moduleImports(source)?.elements.some((element) =>
    callOf(source, element, name, from)?.method.startsWith('forRoot'),
  );
  if (isThere) return true;
  const local = addImport(source, name, from);
  return local !== undefined && addModuleImport(source, `${local}.forRoot(${argument})`);
}
