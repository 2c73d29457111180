import { currentContext } from '../../../lib/context/tenant-context.js';
import { AuditService, type AuditOptions, type AuditPage } from '../../../lib/index.js';
import type { TenancyApp } from '../../support/tenancy-app.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import type { Proofs } from './proof.js';

const KEY = Buffer.alloc(32, 9).toString('base64');
let count = 0;

/** What the chain of a new tenant of an app that differs in `audit` holds after `work`. */
async function recordedBy(
  app: AppOfEveryOption,
  options: AuditOptions,
  work: (audit: AuditService, other: TenancyApp) => Promise<unknown>,
): Promise<AuditPage['entries']> {
  const other = await app.other({ audit: options });
  const slug = `audit-${++count}`;
  const audit = other.context.get(AuditService);
  await other.tenants.create({ slug });
  try {
    return await other.tenancy.run(slug, async () => {
      await work(audit, other);
      return (await audit.query()).entries;
    });
  } finally {
    await other.tenants.delete(slug, { confirm: slug, dropDatabase: true });
  }
}

export const AUDIT_PROOFS: Proofs<AppOfEveryOption> = {
  async 'audit.keys'(app) {
    const record = (audit: AuditService) => audit.record({ action: 'a' });
    expect(await recordedBy(app, { keys: [KEY] }, record)).toHaveLength(1);
    await expect(recordedBy(app, {}, record)).rejects.toMatchObject({ code: 'AUDIT_KEY_MISSING' });
  },
  async 'audit.redact'(app) {
    const details = { Colour: 'red', size: 1 };
    const record = (audit: AuditService) => audit.record({ action: 'a', details });
    const [entry] = await recordedBy(app, { keys: [KEY], redact: ['colour'] }, record);
    expect(entry?.details).toEqual({ Colour: '[redacted]', size: 1 });
  },
  async 'audit.actor'(app) {
    const actor = () => 'ann';
    const inRequest = (audit: AuditService) =>
      runForRequest({ headers: {} }, () => audit.record({ action: 'a' }));
    const [entry] = await recordedBy(app, { keys: [KEY], actor }, inRequest);
    expect(entry?.actor).toBe('ann');
  },
  async 'audit.crossings'(app) {
    const cross = (_audit: AuditService, { tenancy }: TenancyApp) =>
      tenancy.runCentral('look around', () => undefined);
    expect(await recordedBy(app, { keys: [KEY] }, cross)).toHaveLength(1);
    expect(await recordedBy(app, { keys: [KEY], crossings: false }, cross)).toHaveLength(0);
  },
};

/** As the middleware has it. */
async function runForRequest(request: object, work: () => Promise<void>): Promise<void> {
  const context = currentContext();
  if (context !== undefined) context.work.request = request;
  await work();
}
