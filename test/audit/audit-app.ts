import type { AuditOptions } from '../../lib/index.js';
import { AuditService } from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp, type TenancyAppParts } from '../support/tenancy-app.js';

export const KEYS = [1, 2, 3].map((byte) => Buffer.alloc(32, byte).toString('base64'));

export interface AuditApp extends TenancyApp {
  readonly audit: AuditService;
}

/** An app without HTTP whose audit log differs in `audit`. */
export async function startAuditApp(
  setup: EngineSetup,
  audit: AuditOptions = {},
  parts: TenancyAppParts = {},
): Promise<AuditApp> {
  const options = { ...parts.options, audit: { keys: [KEYS[0]], ...audit } };
  const app = await startTenancyApp(setup, { ...parts, options });
  return { ...app, audit: app.context.get(AuditService) };
}
