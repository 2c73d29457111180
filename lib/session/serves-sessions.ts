import { currentTenant } from '../context/tenant-context.js';

/** Whether the running request is of a tenant that is served. The guard refuses the others, without asking their databases. */
export function servesSessions(): boolean {
  return currentTenant()?.status === 'active';
}
