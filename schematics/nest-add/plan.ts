import type { Workspace } from '../workspace/workspace.js';
import { findTenancy, findTypeOrm } from './app-module.js';
import { NOT_WRITTEN_OUT, readTypeOrmOptions, type CarriedOver } from './carry-over.js';

/** What is to be done to the app's module. */
export type Plan =
  | { readonly to: 'nothing' }
  | { readonly to: 'leave'; readonly why: string }
  | { readonly to: 'import'; readonly carried?: CarriedOver };

export function planFor(workspace: Workspace, path: string): Plan {
  if (!workspace.tree.exists(path)) return { to: 'leave', why: 'there is no such file' };
  const source = workspace.open(path);
  if (source === undefined) {
    return {
      to: 'leave',
      why: 'no TypeScript was found to read it with, which takes version 5 or 6',
    };
  }
  if (findTenancy(source) !== undefined) return { to: 'nothing' };
  const replaced = findTypeOrm(source);
  if (replaced === undefined) return { to: 'import' };
  if (replaced.options === undefined) return { to: 'leave', why: NOT_WRITTEN_OUT };
  const carried = readTypeOrmOptions(source, replaced.options);
  return typeof carried === 'string' ? { to: 'leave', why: carried } : { to: 'import', carried };
}
