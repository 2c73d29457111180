import { findTenancy } from '../nest-add/app-module.js';
import { removeUnused } from '../source/edit-imports.js';
import { namesIn } from '../source/imports.js';
import { removeElement } from '../source/literals.js';
import { moduleImports } from '../source/module-imports.js';
import type { Source } from '../source/source.js';

/**
 * Takes `TenancyModule.forRoot(…)` out of a module, with the imports that nothing else in the file needs.
 * @returns false when the file has none
 */
export function dropTenancy(source: Source): boolean {
  if (!source.text.includes('nestjs-tenancy')) return false;
  const tenancy = findTenancy(source);
  const imports = moduleImports(source);
  if (tenancy === undefined || imports === undefined) return false;
  const orphans = namesIn(source, tenancy);
  removeElement(source, imports, tenancy);
  removeUnused(source, orphans);
  return true;
}
